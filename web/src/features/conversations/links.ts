/** Addresses in a text that may be opened: http and https, and nothing that only looks like it. */

export interface Link {
  start: number;
  end: number;
  href: string;
}

/** Longer than this is no address that somebody would want to open. */
const LONGEST = 2_000;

// Control and format characters end an address: among them are those that turn the reading around.
const ADDRESS = /\bhttps?:\/\/[^\s\p{Cc}\p{Cf}<>"“”]+/giu;
const AFTERWARDS = ".,;:!?'’»)]}*_…";

/** What stands in a sentence after an address is not a part of it, except for a bracket that the address opened. */
function withoutPunctuation(address: string): string {
  let end = address.length;
  while (end > 0 && AFTERWARDS.includes(address[end - 1]!)) {
    const kept = address.slice(0, end);
    if (kept.endsWith(")") && kept.split("(").length >= kept.split(")").length) break;
    end -= 1;
  }
  return address.slice(0, end);
}

/** The address as a browser reads it, or "" when it is none to open. */
function safeHref(address: string): string {
  if (address.length > LONGEST || !URL.canParse(address)) return "";
  const url = new URL(address);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "";
  // "https://bank.example@evil.example" leads somewhere else than it reads.
  return url.username || url.password ? "" : url.href;
}

export function findLinks(text: string): Link[] {
  const links: Link[] = [];
  for (const match of text.matchAll(ADDRESS)) {
    if (match[0].length > LONGEST) continue;
    const address = withoutPunctuation(match[0]);
    const href = safeHref(address);
    if (href) links.push({ start: match.index, end: match.index + address.length, href });
  }
  return links;
}

/** The address that is the whole text, for a link that has a card of its own. */
export function onlyLink(text: string): { address: string; href: string } | undefined {
  const address = text.trim();
  const [link] = findLinks(address);
  return link?.start === 0 && link.end === address.length ? { address, href: link.href } : undefined;
}
