import { describe, expect, test } from "vitest";
import type { GeneratedResponse } from "@/lib/api/types";
import { advance } from "./draft-run";
import { allVersions, isWaiting, keptVersions } from "./versions";

function kept(responseId: string, minute: number, more: Partial<GeneratedResponse> = {}): GeneratedResponse {
  return {
    responseId,
    messageId: "m1",
    response: `text of ${responseId}`,
    status: "RESPONSE_STATUS_COMPLETED",
    generatedAt: `2025-06-13T10:${String(minute).padStart(2, "0")}:00Z`,
    ...more,
  };
}

describe("kept versions", () => {
  test("are those of one message, oldest first", () => {
    const listed = [kept("c", 3), kept("x", 2, { messageId: "m0" }), kept("a", 1)];

    expect(keptVersions(listed, "m1").map((version) => version.key)).toEqual(["a", "c"]);
  });

  test("hold the suggestions of one request together", () => {
    const listed = [
      kept("c", 2),
      kept("b2", 1, { suggestion: 2 }),
      kept("b1", 1, { suggestion: 1 }),
      kept("b0", 1),
    ];

    expect(
      keptVersions(listed, "m1").map((version) => version.suggestions.map(({ responseId }) => responseId)),
    ).toEqual([["b0", "b1", "b2"], ["c"]]);
  });

  test("are decided about when one of their suggestions was taken", () => {
    const listed = [kept("b1", 1, { suggestion: 1, status: "RESPONSE_STATUS_ACCEPTED" }), kept("b0", 1)];

    expect(keptVersions(listed, "m1")[0]?.phase).toBe("accepted");
  });

  test("show the owner's text once it was edited", () => {
    const listed = [kept("a", 1, { status: "RESPONSE_STATUS_EDITED", editedResponse: "mine" })];

    expect(keptVersions(listed, "m1")[0]).toMatchObject({ phase: "edited", suggestions: [{ text: "mine" }] });
  });

  test("leave out what failed before its first word or is still being made", () => {
    const listed = [
      kept("a", 1, { status: "RESPONSE_STATUS_FAILED", response: "" }),
      kept("b", 2, { status: "RESPONSE_STATUS_GENERATING" }),
      kept("c", 3, { status: "RESPONSE_STATUS_CANCELLED" }),
    ];

    expect(keptVersions(listed, "m1").map(({ key, phase }) => [key, phase])).toEqual([["c", "stopped"]]);
  });

  test("a superseded one is whole, but cannot be accepted", () => {
    const [version] = keptVersions([kept("a", 1, { status: "RESPONSE_STATUS_SUPERSEDED" })], "m1");

    expect(version).toMatchObject({ superseded: true, suggestions: [{ complete: false }] });
  });
});

test("the draft that is made stands for itself, also once the server lists it", () => {
  const started = advance(null, { type: "begin", messageId: "m1", instruction: "", suggestions: 1 });
  const run = advance(started, { type: "event", event: { started: { responseId: "b" } } });

  const versions = allVersions(keptVersions([kept("b", 2), kept("a", 1)], "m1"), run);

  expect(versions.map((version) => version.key)).toEqual(["a", "run"]);
});

describe("a draft waits for a decision", () => {
  const taken = (minute: number) =>
    ({ status: "RESPONSE_STATUS_ACCEPTED", actedAt: `2025-06-13T10:0${minute}:00.5Z` }) as const;

  test.each([
    ["when it is the only one", [kept("a", 1)], true],
    ["not once another was taken after it was made", [kept("b", 2), kept("a", 1, taken(3))], false],
    ["when it was made after another was taken", [kept("b", 3), kept("a", 1, taken(2))], true],
    ["not when it was taken itself", [kept("a", 1, taken(2))], false],
    ["not when it was rejected", [kept("a", 1, { status: "RESPONSE_STATUS_REJECTED" })], false],
  ])("%s", (_name, listed, waiting) => expect(isWaiting(keptVersions(listed, "m1"))).toBe(waiting));

  test("nothing waits for none", () => {
    expect(isWaiting([])).toBe(false);
  });
});
