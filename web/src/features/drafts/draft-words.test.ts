import { describe, expect, test } from "vitest";
import { sureness } from "./confidence";
import { stateOf } from "./draft-state";
import { problemWords } from "./problem-words";
import type { Version } from "./versions";

test.each([
  [1, "Sure"],
  [0.7, "Sure"],
  [0.69, "Fairly sure"],
  [0.45, "Fairly sure"],
  [0.44, "Guessing"],
  [0, "Guessing"],
])("a confidence of %d is %s", (confidence, words) => expect(sureness(confidence).words).toBe(words));

function version(phase: Version["phase"], more: Partial<Version> = {}): Version {
  const suggestions = [
    { responseId: "r", text: "Happy to drive", complete: true, confidence: 1, modelVersion: "" },
  ];
  return {
    key: "k",
    messageId: "m",
    phase,
    suggestions,
    instruction: "",
    ahead: 0,
    etaSeconds: 0,
    superseded: false,
    madeAt: 1,
    takenAt: 0,
    ...more,
  };
}

describe("the word of a draft", () => {
  test.each([
    ["queued", "Queued"],
    ["reading", "Reading"],
    ["writing", "Writing"],
    ["done", "Draft"],
    ["stopped", "Stopped"],
    ["accepted", "Accepted"],
    ["rejected", "Rejected"],
  ] as const)("%s is %s", (phase, word) => expect(stateOf(version(phase), false, undefined).word).toBe(word));

  test("says how many are ahead, and how long it may take", () => {
    expect(stateOf(version("queued", { ahead: 2, etaSeconds: 6 }), false, undefined).aside).toBe(
      "2 ahead, about 6 s",
    );
  });

  test("is Outdated once a newer message arrived, and cannot be accepted", () => {
    expect(stateOf(version("done"), true, undefined)).toMatchObject({ word: "Outdated", canAccept: false });
  });

  test("is Cut short with some words and No draft without any", () => {
    const problem = { code: 14, message: "", broken: true };
    expect(stateOf(version("failed", { problem }), false, undefined).word).toBe("Cut short");
    expect(stateOf(version("failed", { problem, suggestions: [] }), false, undefined).word).toBe(
      "No draft this time",
    );
  });

  test("waits for a model that is loading", () => {
    const failed = version("failed", { suggestions: [], problem: { code: 14, message: "", broken: false } });

    expect(stateOf(failed, false, { state: "MODEL_STATE_LOADING" }).word).toBe("Waiting for the model");
    expect(stateOf(failed, false, { state: "MODEL_STATE_FAILED" }).word).toBe("No draft this time");
  });
});

describe("why there is no draft", () => {
  const problem = (code: number, more = {}) => ({
    code,
    message: "what the server said.",
    broken: false,
    ...more,
  });

  test.each([
    [problem(8, { retryAfter: 6 }), 0, "The queue is full. Try again in 6 s."],
    [problem(9, { reason: "EMPTY_CONVERSATION" }), 0, "There is nothing with words to answer here."],
    [problem(14, { broken: true }), 0, "Your server does not answer. Nothing was lost."],
    [problem(14, { broken: true }), 8, "The connection broke, after 8 words. What arrived is kept."],
    [problem(4), 0, "It took too long. Nothing was lost."],
    [problem(13), 0, "what the server said. Nothing was lost."],
  ])("%j after %d words", (what, words, said) => expect(problemWords(what, words, undefined)).toBe(said));

  test("names the model when that is the matter", () => {
    const model = { state: "MODEL_STATE_FAILED", message: "The file is cut off." } as const;

    expect(problemWords(problem(14), 0, model)).toBe("Model could not be loaded. The file is cut off.");
  });
});
