/** The difference between the draft and what it has become, by words; underline and strike as well as colour. */
import { useDeferredValue, useMemo } from "react";
import { wordDiff } from "../word-diff";

export function WordDiff({ before, after }: { before: string; after: string }) {
  // A long text costs more than a key press may take: it follows when the typing lets it.
  const settled = useDeferredValue(after);
  const pieces = useMemo(() => wordDiff(before, settled), [before, settled]);
  if (pieces.every((piece) => piece.kind === "same"))
    return <p className="diff faint">Nothing changed yet</p>;
  return (
    <p className="diff">
      <span className="label">Changed</span>
      <span dir="auto">
        {pieces.map((piece, index) => {
          // biome-ignore-start lint/suspicious/noArrayIndexKey: pieces of one text have no other identity.
          if (piece.kind === "removed") return <del key={index}>{piece.text}</del>;
          if (piece.kind === "added") return <ins key={index}>{piece.text}</ins>;
          return <span key={index}>{piece.text}</span>;
          // biome-ignore-end lint/suspicious/noArrayIndexKey: see above.
        })}
      </span>
    </p>
  );
}
