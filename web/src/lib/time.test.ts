import { describe, expect, test } from "vitest";
import { ago, dateWords, dayKey, dayName, duration, shortTime, since } from "./time";

const now = new Date("2025-06-13T10:42:00");
const at = (text: string) => new Date(text);

describe("in a list", () => {
  test.each([
    ["2025-06-13T00:01:00", "00:01"],
    ["2025-06-12T23:59:00", "Thu"],
    ["2025-06-07T10:00:00", "Sat"],
    ["2025-06-06T10:00:00", "6 June"],
    ["2024-12-31T10:00:00", "31 Dec 2024"],
    // A clock that runs ahead is not yesterday.
    ["2025-06-14T00:10:00", "00:10"],
  ])("%s is %s", (time, words) => expect(shortTime(at(time), now)).toBe(words));
});

describe("between days", () => {
  test.each([
    ["2025-06-14T00:00:00", "Tomorrow"],
    ["2025-06-13T00:00:00", "Today"],
    ["2025-06-12T23:59:59", "Yesterday"],
    ["2025-06-03T12:00:00", "Tuesday, 3 June"],
    ["2023-06-03T12:00:00", "3 June 2023"],
  ])("%s is %s", (time, words) => expect(dayName(at(time), now)).toBe(words));
});

describe("in a sentence", () => {
  test.each([
    ["2025-06-13T09:47:00", "09:47"],
    ["2025-06-12T09:47:00", "yesterday"],
    ["2025-06-09T09:47:00", "Monday"],
    ["2025-05-09T09:47:00", "9 May"],
    ["2024-05-09T09:47:00", "9 May 2024"],
  ])("%s is since %s", (time, words) => expect(since(at(time), now)).toBe(words));
});

describe("ago", () => {
  test.each([
    [0, "just now"],
    [-30, "just now"],
    [12, "12 s ago"],
    [59.6, "1 min ago"],
    [3_599, "59 min ago"],
    [3_600, "1 hour ago"],
    [7_300, "2 hours ago"],
    [86_400, "1 day ago"],
    [3 * 86_400, "3 days ago"],
  ])("%d s is %s", (seconds, words) =>
    expect(ago(new Date(now.getTime() - seconds * 1000), now)).toBe(words),
  );
});

test("a duration is never nothing", () => {
  expect([0.2, 6, 89, 120, 400].map(duration)).toEqual(["1 s", "6 s", "89 s", "2 min", "7 min"]);
});

test("days are told apart where the reader is", () => {
  expect(dayKey(at("2025-06-03T00:00:00"))).toBe("2025-06-03");
});

test("a date says its year when it is another one", () => {
  expect([dateWords(at("2025-03-02T00:00:00"), now), dateWords(at("2024-03-02T00:00:00"), now)]).toEqual([
    "2 March",
    "2 March 2024",
  ]);
});
