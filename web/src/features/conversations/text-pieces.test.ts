import { describe, expect, test } from "vitest";
import type { Mention } from "@/lib/api/types";
import { cutText } from "./text-pieces";

/** The text with [marks], *mentions* and {links}. */
function drawn(text: string, query: string, mentions: Mention[] = [], links = false): string {
  return cutText(text, { query, mentions, links })
    .map(({ href, pieces }) => {
      const words = pieces.map((piece) => {
        const inner = piece.mention ? `*${piece.text}*` : piece.text;
        return piece.mark ? `[${inner}]` : inner;
      });
      return href ? `{${words.join("")}}` : words.join("");
    })
    .join("");
}

describe("searched words", () => {
  test.each([
    ["Lake loop", "lake lo", "[Lake] [loop]"],
    ["a.b ab", "a.b", "[a.b] ab"],
    ["(x) [y]", "(x) [y]", "[(x)] [[y]]"],
    ["nothing", "", "nothing"],
    ["nothing", "else", "nothing"],
    ["", "a", ""],
  ])("in %j, %j are marked as %j", (text, query, expected) => expect(drawn(text, query)).toBe(expected));
});

describe("mentions", () => {
  const at = (start: number, length: number): Mention => ({ handle: "ben", start, length });

  test.each<[string, Mention[], string]>([
    ["@Ben hi", [{ handle: "ben", length: 4 }], "*@Ben* hi"],
    ["hi @Ben", [at(3, 4)], "hi *@Ben*"],
    ["👍🏽 @Ben", [at(5, 4)], "👍🏽 *@Ben*"],
    ["a and b", [at(6, 1), at(0, 1)], "*a* and *b*"],
  ])("in %j stand where UTF-16 counts them: %j", (text, mentions, expected) =>
    expect(drawn(text, "", mentions)).toBe(expected),
  );

  test.each<[string, Mention]>([
    ["beyond the end", at(3, 40)],
    ["after the end", at(400, 1)],
    ["before the beginning", at(-1, 3)],
    ["of nothing", at(2, 0)],
    ["of less than nothing", at(4, -2)],
    ["in the middle of a character", at(0, 4)],
    ["that are no numbers", at(Number.NaN, 2)],
  ])("%s are ignored", (_name, mention) => expect(drawn("hi 👍 you", "", [mention])).toBe("hi 👍 you"));

  test("over each other count once", () => {
    expect(drawn("Ben Osei", "", [at(0, 8), at(4, 4)])).toBe("*Ben Osei*");
  });

  test("and searched words cut each other", () => {
    expect(drawn("see @Benjamin", "benjam", [at(4, 4)])).toBe("see *@*[*Ben*][jamin]");
  });
});

describe("links", () => {
  test("are kept whole when a searched word is in them", () => {
    expect(drawn("at https://lake.example/loop now", "lake", [], true)).toBe(
      "at {https://[lake].example/loop} now",
    );
  });

  test("are only made when asked for", () => {
    expect(drawn("https://lake.example", "")).toBe("https://lake.example");
  });

  test("that touch are two", () => {
    expect(drawn("https://a.example\u200bhttps://b.example", "", [], true)).toBe(
      "{https://a.example}\u200b{https://b.example}",
    );
  });
});
