import { expect, test } from "vitest";
import { findLinks, onlyLink } from "./links";

const found = (text: string) => findLinks(text).map(({ start, end }) => text.slice(start, end));

test.each<[string, string[]]>([
  ["see https://example.org/a?b=c#d now", ["https://example.org/a?b=c#d"]],
  ["HTTP://EXAMPLE.ORG", ["HTTP://EXAMPLE.ORG"]],
  ["(https://example.org/a).", ["https://example.org/a"]],
  ["https://example.org/a_(b)", ["https://example.org/a_(b)"]],
  ["“https://example.org”", ["https://example.org"]],
  ["https://a.example, https://b.example!", ["https://a.example", "https://b.example"]],
  ["<https://example.org>", ["https://example.org"]],
  ["https://example.org/\u202egpj.exe", ["https://example.org/"]],
  ["javascript:alert(1)", []],
  ["JavaScript://example.org/%0aalert(1)", []],
  ["data:text/html,<script>alert(1)</script>", []],
  ["file:///etc/passwd vbscript:x mailto:a@b.example tel:+1", []],
  ["https://bank.example@evil.example/", []],
  ["https://user:secret@evil.example/", []],
  ["https://", []],
  ["https://…", []],
  ["xhttps://example.org", []],
  ["www.example.org", []],
])("in %j the addresses are %j", (text, addresses) => expect(found(text)).toEqual(addresses));

test("an address longer than any is no link, and costs no time", () => {
  expect(found(`https://example.org/${"(".repeat(100_000)}`)).toEqual([]);
  expect(found(`https://example.org/${")".repeat(1_900)}`)).toEqual(["https://example.org/"]);
  expect(onlyLink(`https://example.org/${"a".repeat(3_000)}`)).toBeUndefined();
});

test("a text that is nothing but an address is told from others", () => {
  expect(onlyLink(" https://example.org/a \n")).toEqual({
    address: "https://example.org/a",
    href: "https://example.org/a",
  });
  for (const other of ["look: https://example.org", "https://example.org.", "javascript:alert(1)", ""])
    expect(onlyLink(other)).toBeUndefined();
});
