import { describe, expect, test } from "vitest";
import { type Piece, wordDiff } from "./word-diff";

function shown(pieces: readonly Piece[]): string {
  const marks = { same: ["", ""], removed: ["[-", "-]"], added: ["{+", "+}"] } as const;
  return pieces.map(({ kind, text }) => marks[kind][0] + text + marks[kind][1]).join("");
}

function side(pieces: readonly Piece[], without: Piece["kind"]): string {
  return pieces
    .filter((piece) => piece.kind !== without)
    .map((piece) => piece.text)
    .join("");
}

describe("wordDiff", () => {
  test("reads as a person would mark it", () => {
    const before = "8 is fine if the thermos is full by then. I can pick you up first";
    const after = "8 is fine if there is coffee. I’ll pick you up first";

    expect(shown(wordDiff(before, after))).toBe(
      "8 is fine if [-the thermos is full by then-]{+there is coffee+}. [-I can-]{+I’ll+} pick you up first",
    );
  });

  test.each([
    ["", "", ""],
    ["same words", "same words", "same words"],
    ["", "new", "{+new+}"],
    ["old", "", "[-old-]"],
    ["a b c", "a c", "a [-b -]c"],
    ["see you", "see you soon", "see you{+ soon+}"],
    ["Bis später", "Bis morgen", "Bis [-später-]{+morgen+}"],
    ["don't", "don’t", "[-don't-]{+don’t+}"],
    ["line\nline", "line\n\nline", "line{+\n+}\nline"],
  ])("%j to %j", (before, after, expected) => {
    const pieces = wordDiff(before, after);

    expect(side(pieces, "added")).toBe(before);
    expect(side(pieces, "removed")).toBe(after);
    expect(shown(pieces)).toBe(expected);
  });

  test("loses no character, whatever the texts are", () => {
    const words = ["a", "b ", " ", "\n", "c.", "שלום", "🌲", "d-e", "’", "1,000"];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const text = () => Array.from({ length: random(12) }, () => words[random(words.length)]).join("");

    for (let round = 0; round < 500; round++) {
      const [before, after] = [text(), text()];
      const pieces = wordDiff(before, after);
      expect(side(pieces, "added")).toBe(before);
      expect(side(pieces, "removed")).toBe(after);
    }
  });

  test("two very long texts are one replacement", () => {
    const before = Array.from({ length: 900 }, (_, index) => `a${index}`).join(" ");
    const after = Array.from({ length: 900 }, (_, index) => `b${index}`).join(" ");

    expect(wordDiff(before, after).map((piece) => piece.kind)).toEqual(["removed", "added"]);
  });
});
