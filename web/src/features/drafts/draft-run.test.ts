import { describe, expect, test } from "vitest";
import type { StreamEvent } from "@/lib/api/types";
import { advance, type Run, type RunEvent } from "./draft-run";

const begin: RunEvent = { type: "begin", messageId: "m1", instruction: "", suggestions: 1 };
const event = (sent: StreamEvent): RunEvent => ({ type: "event", event: sent });
const tokens = (...texts: string[]): RunEvent => ({ type: "tokens", texts: new Map(texts.entries()) });
const done = (more: StreamEvent["done"] = {}): RunEvent =>
  event({
    done: {
      responseId: "r1",
      response: "Yes.",
      confidence: 0.8,
      last: true,
      finishReason: "FINISH_REASON_STOP",
      ...more,
    },
  });

function run(...events: RunEvent[]): Run {
  const end = [begin, ...events].reduce<Run | null>(advance, null);
  if (!end) throw new Error("no run");
  return end;
}

describe("a draft's way", () => {
  test("goes through queued, reading, writing to done", () => {
    const steps: RunEvent[] = [
      event({ started: { responseId: "r1" } }),
      event({ state: { state: "STATE_QUEUED", queuePosition: 2, etaSeconds: 6 } }),
      event({ state: { state: "STATE_READING" } }),
      event({ state: { state: "STATE_WRITING" } }),
      tokens("Ye"),
      tokens("s."),
      done(),
    ];

    const phases = steps.map((_, index) => run(...steps.slice(0, index + 1)).phase);

    expect(phases).toEqual(["queued", "queued", "reading", "writing", "writing", "writing", "done"]);
    expect(run(...steps.slice(0, 2))).toMatchObject({ ahead: 2, etaSeconds: 6 });
    expect(run(...steps.slice(0, 6)).suggestions[0]).toMatchObject({
      responseId: "r1",
      text: "Yes.",
      complete: false,
    });
  });

  test("ends with the whole text, whatever the tokens were", () => {
    expect(run(tokens("Ye"), done()).suggestions).toEqual([
      { responseId: "r1", text: "Yes.", complete: true, confidence: 0.8, modelVersion: "" },
    ]);
  });

  test("is done only with the last of several suggestions", () => {
    const three: RunEvent = { ...begin, suggestions: 3 } as RunEvent;
    const first = [three, tokens("a", "b", "c"), done({ suggestion: 1, last: false })].reduce<Run | null>(
      advance,
      null,
    );

    expect(first?.phase).toBe("writing");
    expect(first?.suggestions.map((suggestion) => suggestion.complete)).toEqual([false, true, false]);
    expect(advance(first, done({ suggestion: 0 }))?.phase).toBe("done");
  });

  test("a suggestion that nobody announced has its place", () => {
    expect(
      run(tokens("a"), { type: "tokens", texts: new Map([[2, "c"]]) }).suggestions.map(({ text }) => text),
    ).toEqual(["a", "", "c"]);
  });
});

describe("a draft's other ends", () => {
  test("an end without a last event is a failure, and keeps what arrived", () => {
    const broken = run(tokens("Happy to"), { type: "end" });

    expect(broken).toMatchObject({ phase: "failed", problem: { broken: true } });
    expect(broken.suggestions[0]?.text).toBe("Happy to");
  });

  test("an error event says why", () => {
    expect(run(event({ error: { code: 14, message: "worker gone", reason: "WORKER_LOST" } }))).toMatchObject({
      phase: "failed",
      problem: { code: 14, message: "worker gone", reason: "WORKER_LOST", broken: false },
    });
  });

  test("stopping keeps what arrived", () => {
    expect(run(tokens("Happy"), { type: "stop" })).toMatchObject({
      phase: "stopped",
      suggestions: [{ text: "Happy" }],
    });
  });

  test.each<RunEvent>([tokens("late"), { type: "end" }, event({ error: { code: 13 } }), { type: "stop" }])(
    "nothing changes a draft that has ended",
    (late) => {
      const ended = run(done());
      expect(advance(ended, late)).toBe(ended);
    },
  );

  test.each([
    ["FINISH_REASON_CANCELLED", "stopped", false, false],
    ["FINISH_REASON_DEADLINE", "stopped", false, false],
    ["FINISH_REASON_SUPERSEDED", "done", false, true],
    ["FINISH_REASON_LENGTH", "done", true, false],
  ] as const)("%s means %s", (finishReason, phase, complete, superseded) => {
    const ended = run(done({ finishReason }));
    expect(ended).toMatchObject({ phase, superseded });
    expect(ended.suggestions[0]?.complete).toBe(complete);
  });

  test("a heartbeat changes nothing", () => {
    const before = run(tokens("a"));
    expect(advance(before, event({ heartbeat: {} }))).toEqual(before);
  });

  test("a new draft forgets the one before", () => {
    expect(advance(run(tokens("old")), begin)?.suggestions[0]?.text).toBe("");
    expect(advance(run(tokens("old")), { type: "forget" })).toBeNull();
  });
});
