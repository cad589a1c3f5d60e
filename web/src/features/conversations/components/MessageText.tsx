/** A text with searched words marked, mentions set apart, and addresses that can be opened. */
import type { ReactNode } from "react";
import type { Mention } from "@/lib/api/types";
import { cutText, type Piece } from "../text-pieces";

interface MessageTextProps {
  text: string;
  query: string;
  mentions?: readonly Mention[] | undefined;
  links?: boolean;
}

export function MessageText({ text, query, mentions, links = false }: MessageTextProps) {
  return cutText(text, { query, mentions, links }).map(({ start, href, pieces }) => {
    const words = pieces.map((piece) => <Words key={piece.start} piece={piece} />);
    return href ? (
      <OpenLink key={start} href={href} address={pieces.map((piece) => piece.text).join("")}>
        {words}
      </OpenLink>
    ) : (
      words
    );
  });
}

function Words({ piece: { text, mark, mention } }: { piece: Piece }) {
  const words = mention ? <b className="mention">{text}</b> : text;
  return mark ? <mark>{words}</mark> : words;
}

interface OpenLinkProps {
  href: string;
  address: string;
  className?: string;
  children?: ReactNode;
}

/** Reads from left to right whatever stands around it: an address that is turned around reads like another. */
export function OpenLink({ href, address, className, children }: OpenLinkProps) {
  return (
    <a
      className={className}
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      dir="ltr"
      aria-label={`${address}, opens in a new tab`}
    >
      {children ?? address}
    </a>
  );
}
