import { describe, expect, test } from "vitest";
import { flatten, layHead, type Page, type Pages } from "./head-page";

const id = (item: string) => item.toLowerCase();

function page(items: string, next = ""): Page<string> {
  return { items: [...items], next };
}

function pages(...loaded: Page<string>[]): Pages<string> {
  return {
    pages: loaded,
    pageParams: loaded.map((_, index) => (index === 0 ? "" : loaded[index - 1]!.next)),
  };
}

function rows(result: Pages<string>): string {
  return flatten(result, id).join("");
}

describe("laying a fresh head over loaded pages", () => {
  test("adds what is new above and keeps what is older", () => {
    const result = layHead(pages(page("fed", "2"), page("cba")), page("hgfe", "x"), id);

    expect(rows(result)).toBe("hgfedcba");
    expect(result.pages.at(-1)?.next).toBe("");
  });

  test("takes the fresh row for the one it had", () => {
    expect(rows(layHead(pages(page("fed", "2"), page("cba")), page("FE", "x"), id))).toBe("FEdcba");
  });

  test("drops a row that the head should hold and does not", () => {
    expect(rows(layHead(pages(page("fed", "2"), page("cba")), page("fd", "x"), id))).toBe("fdcba");
  });

  test("lets a row move up from a later page", () => {
    expect(rows(layHead(pages(page("fed", "2"), page("cba")), page("bfe", "x"), id))).toBe("bfedca");
  });

  test("starts over when rows in between may be missing", () => {
    const result = layHead(pages(page("cb", "2"), page("a")), page("zyx", "9"), id);

    expect(result).toEqual({ pages: [page("zyx", "9")], pageParams: [""] });
  });

  test("a head without a next page is all there is", () => {
    expect(rows(layHead(pages(page("cb", "2"), page("a")), page("cb"), id))).toBe("cb");
  });

  test("an empty head empties the list", () => {
    expect(rows(layHead(pages(page("cb")), page(""), id))).toBe("");
  });

  test("keeps the token of the last loaded page, so that scrolling goes on from there", () => {
    const result = layHead(pages(page("fed", "2"), page("cba", "3")), page("gfed", "x"), id);

    expect(result.pages.map((loaded) => loaded.next)).toEqual(["2", "3"]);
  });
});
