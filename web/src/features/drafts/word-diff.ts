/** What changed between two texts, by words. */

export interface Piece {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Above this many comparisons the middle is shown as replaced: nobody reads a diff of that size. */
const MOST_COMPARISONS = 400_000;

function tokens(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}\p{M}'’]+|[^\s\p{L}\p{N}\p{M}'’]/gu) ?? [];
}

export function wordDiff(before: string, after: string): Piece[] {
  const a = tokens(before);
  const b = tokens(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end++;
  const middle = diff(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return tidy([
    { kind: "same", text: a.slice(0, start).join("") },
    ...middle,
    { kind: "same", text: a.slice(a.length - end).join("") },
  ]);
}

/** The longest common subsequence, walked. */
function diff(a: readonly string[], b: readonly string[]): Piece[] {
  if (a.length * b.length > MOST_COMPARISONS) {
    return [
      { kind: "removed", text: a.join("") },
      { kind: "added", text: b.join("") },
    ];
  }
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i]![j] =
        a[i] === b[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
    }
  }
  const pieces: Piece[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ kind: "same", text: a[i++]! });
      j++;
    } else if (j >= b.length || (i < a.length && longest[i + 1]![j]! >= longest[i]![j + 1]!)) {
      pieces.push({ kind: "removed", text: a[i++]! });
    } else {
      pieces.push({ kind: "added", text: b[j++]! });
    }
  }
  return pieces;
}

interface Change {
  removed: string;
  added: string;
  /** What stayed the same after it. */
  after: string;
}

/** Join what belongs together: a lone word that stayed between two changes reads as part of one change. */
function tidy(pieces: readonly Piece[]): Piece[] {
  const changes: Change[] = [{ removed: "", added: "", after: "" }];
  for (const piece of pieces) {
    const last = changes.at(-1)!;
    if (piece.kind === "same") last.after += piece.text;
    else if (last.after === "") last[piece.kind] += piece.text;
    else changes.push({ removed: "", added: "", after: "", [piece.kind]: piece.text });
  }
  const joined: Change[] = [];
  for (const change of changes) {
    const last = joined.at(-1);
    if (
      last &&
      isChange(last) &&
      isChange(change) &&
      isBridge(last.after, Math.min(size(last), size(change)))
    ) {
      last.removed += last.after + change.removed;
      last.added += last.after + change.added;
      last.after = change.after;
    } else {
      joined.push({ ...change });
    }
  }
  return joined.flatMap(({ removed, added, after }) => pulled(removed, added, after));
}

function isChange(change: Change): boolean {
  return change.removed !== "" || change.added !== "";
}

/** Short, and no end of a sentence or a clause: there a reader pauses, and two changes are two. */
function isBridge(same: string, longest: number): boolean {
  return same.length <= longest && !/[.,;:!?…]/.test(same);
}

function size(change: Change): number {
  return Math.max(change.removed.length, change.added.length);
}

/** Spaces at the end of both sides did not change. */
function pulled(removed: string, added: string, after: string): Piece[] {
  const shared = sharedSpace(removed, added);
  const cut = (text: string) => text.slice(0, text.length - shared);
  return [
    { kind: "removed" as const, text: cut(removed) },
    { kind: "added" as const, text: cut(added) },
    { kind: "same" as const, text: removed.slice(removed.length - shared) + after },
  ].filter((piece) => piece.text !== "");
}

function sharedSpace(a: string, b: string): number {
  let shared = 0;
  while (shared < a.length && shared < b.length) {
    const character = a[a.length - 1 - shared]!;
    if (character !== b[b.length - 1 - shared] || character.trim() !== "") break;
    shared++;
  }
  return shared;
}
