/** A text cut where something changes: a searched word, a mention, an address that can be opened. */
import type { Mention } from "@/lib/api/types";
import { findLinks } from "./links";

interface Span {
  start: number;
  end: number;
}

export interface Piece {
  start: number;
  text: string;
  mark: boolean;
  mention: boolean;
}

/** Pieces that share a link, or have none. */
export interface Stretch {
  start: number;
  href: string | undefined;
  pieces: Piece[];
}

interface Wanted {
  query?: string | undefined;
  mentions?: readonly Mention[] | undefined;
  links?: boolean | undefined;
}

export function cutText(text: string, { query = "", mentions = [], links = false }: Wanted): Stretch[] {
  const found = links ? findLinks(text) : [];
  const marks = markSpans(text, query);
  const named = mentionSpans(text, mentions);
  const edges = [...found, ...marks, ...named].flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set([0, text.length, ...edges])].sort((a, b) => a - b);
  const [linkAt, markAt, mentionAt] = [walk(found), walk(marks), walk(named)];
  const stretches: (Stretch & { link: Span | undefined })[] = [];
  for (const [index, start] of cuts.slice(0, -1).entries()) {
    const link = linkAt(start);
    const piece = {
      start,
      text: text.slice(start, cuts[index + 1]),
      mark: markAt(start) !== undefined,
      mention: mentionAt(start) !== undefined,
    };
    const last = stretches.at(-1);
    if (last && last.link === link) last.pieces.push(piece);
    else stretches.push({ start, link, href: link?.href, pieces: [piece] });
  }
  return stretches;
}

/** Finds the span at a position; it is asked from left to right. */
function walk<S extends Span>(spans: readonly S[]): (at: number) => S | undefined {
  let next = 0;
  return (at) => {
    while (next < spans.length && spans[next]!.end <= at) next += 1;
    const span = spans[next];
    return span && span.start <= at ? span : undefined;
  };
}

function markSpans(text: string, query: string): Span[] {
  const words = query.trim().split(/\s+/).filter(Boolean).map(escaped);
  if (words.length === 0) return [];
  // A hit may be the beginning of a word: the whole of it is marked.
  const hits = text.matchAll(new RegExp(`(?:${words.join("|")})[\\p{L}\\p{N}]*`, "giu"));
  return [...hits].map((hit) => ({ start: hit.index, end: hit.index + hit[0].length }));
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Where somebody is mentioned. What lies outside of the text, cuts a character in two or overlaps is left out. */
function mentionSpans(text: string, mentions: readonly Mention[]): Span[] {
  const spans: Span[] = [];
  const inOrder = mentions
    .map(({ start = 0, length = 0 }) => ({ start, end: start + length }))
    .sort((a, b) => a.start - b.start);
  for (const span of inOrder) {
    const free = span.start >= (spans.at(-1)?.end ?? 0);
    const inside = span.start < span.end && span.end <= text.length;
    if (free && inside && !splits(text, span.start) && !splits(text, span.end)) spans.push(span);
  }
  return spans;
}

/** Whether this position is in the middle of a surrogate pair. */
function splits(text: string, at: number): boolean {
  return at > 0 && at < text.length && text.codePointAt(at - 1)! > 0xffff;
}
