/** A text with the searched words marked. */

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

export function Marked({ text, query }: { text: string; query: string }) {
  const words = query.trim().split(/\s+/).filter(Boolean).map(escaped);
  if (words.length === 0) return text;
  // A hit may be the beginning of a word: the whole of it is marked. With a group in the pattern, split keeps what matched: every second piece is a hit.
  return text.split(new RegExp(`((?:${words.join("|")})[\\p{L}\\p{N}]*)`, "giu")).map((piece, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other identity.
    index % 2 === 1 ? <mark key={index}>{piece}</mark> : piece,
  );
}
