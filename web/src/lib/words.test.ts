import { expect, test } from "vitest";
import { bytes, capital, count, counted, initials, listed, numberWord, plain, shade } from "./words";

test.each([
  ["Sunday hike", "SH"],
  ["Ruth", "RU"],
  ["Dr. Vance, dentist", "DV"],
  ["נועה אלון", "נא"],
  ["+44 20 7946 0042", "42"],
  ["<b>Bo</b>", "<b"],
  ["🌲 walks", "WA"],
  ["", "?"],
  ["  ", "?"],
])("the initials of %j are %j", (name, letters) => expect(initials(name)).toBe(letters));

test("counts come as strings, and zero does not come at all", () => {
  expect([count("48210"), count(undefined), count(7)]).toEqual(["48,210", "0", "7"]);
});

test("one is one and the rest are many", () => {
  expect([counted(1, "Mac"), counted(2, "Mac"), counted(0, "draft")]).toEqual([
    "1 Mac",
    "2 Macs",
    "0 drafts",
  ]);
});

test("small numbers are words", () => {
  expect([0, 4, 9, 10, 1200].map(numberWord)).toEqual(["No", "Four", "Nine", "10", "1,200"]);
});

test("sizes have the unit a person would use", () => {
  expect([0, 999, 88_000, 2_400_000, "950000", 3_200_000_000].map(bytes)).toEqual([
    "0 bytes",
    "999 bytes",
    "88 KB",
    "2.4 MB",
    "950 KB",
    "3.2 GB",
  ]);
});

test("a name keeps its colour", () => {
  expect(shade("Lena")).toBe(shade("Lena"));
});

test("names stand in a list as in a sentence", () => {
  expect([["Ana"], ["Ana", "you"], ["Ana", "Ben", "you"]].map(listed)).toEqual([
    "Ana",
    "Ana and you",
    "Ana, Ben and you",
  ]);
});

test("a plain name keeps its letters and loses what turns them around", () => {
  expect(plain("annex\u202egpj.exe")).toBe("annexgpj.exe");
  expect(plain("\u2067נועה\u2069 אלון")).toBe("נועה אלון");
});

test("a line begins with a capital", () => {
  expect([capital("stays"), capital("")]).toEqual(["Stays", ""]);
});
