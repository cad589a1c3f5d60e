/** One draft while it is made: a pure state machine over the stream's events. */
import type { StreamEvent } from "@/lib/api/types";

export type Phase = "queued" | "reading" | "writing" | "done" | "stopped" | "failed";

export interface Suggestion {
  responseId: string;
  text: string;
  /** It has its last word. */
  complete: boolean;
  confidence: number;
  modelVersion: string;
}

export interface Problem {
  code: number;
  message: string;
  reason?: string | undefined;
  retryAfter?: number | undefined;
  /** The stream broke off, rather than the server saying no. */
  broken: boolean;
}

export interface Run {
  phase: Phase;
  messageId: string;
  instruction: string;
  suggestions: Suggestion[];
  /** How many drafts the model makes before this one. */
  ahead: number;
  etaSeconds: number;
  /** A newer message arrived while it was written, says the server. */
  superseded: boolean;
  problem?: Problem;
}

export type RunEvent =
  | { type: "begin"; messageId: string; instruction: string; suggestions: number }
  | { type: "event"; event: StreamEvent }
  | { type: "tokens"; texts: ReadonlyMap<number, string> }
  | { type: "stop" }
  | { type: "end" }
  | { type: "fail"; problem: Problem }
  | { type: "forget" };

export function isLive(phase: Phase): boolean {
  return phase === "queued" || phase === "reading" || phase === "writing";
}

const BROKEN: Problem = { code: 14, message: "The connection broke.", broken: true };

function empty(): Suggestion {
  return { responseId: "", text: "", complete: false, confidence: 0, modelVersion: "" };
}

export function advance(run: Run | null, event: RunEvent): Run | null {
  if (event.type === "begin") {
    return {
      phase: "queued",
      messageId: event.messageId,
      instruction: event.instruction,
      suggestions: Array.from({ length: event.suggestions }, empty),
      ahead: 0,
      etaSeconds: 0,
      superseded: false,
    };
  }
  if (event.type === "forget") return null;
  // Whatever still arrives after the end belongs to nobody.
  if (!run || !isLive(run.phase)) return run;
  switch (event.type) {
    case "event":
      return onEvent(run, event.event);
    case "tokens":
      return onTokens(run, event.texts);
    case "stop":
      return { ...run, phase: "stopped" };
    case "end":
      // Every stream says how it ended. One that just ends was cut.
      return { ...run, phase: "failed", problem: BROKEN };
    case "fail":
      return { ...run, phase: "failed", problem: event.problem };
  }
}

/** The server keeps such a draft, but does not count it as one that can be accepted. */
const INCOMPLETE = new Set(["FINISH_REASON_CANCELLED", "FINISH_REASON_DEADLINE", "FINISH_REASON_SUPERSEDED"]);

const STATES: Record<string, Phase> = {
  STATE_QUEUED: "queued",
  STATE_READING: "reading",
  STATE_WRITING: "writing",
};

function onEvent(run: Run, event: StreamEvent): Run {
  if (event.started) {
    const ids = event.started.responseIds ?? [event.started.responseId ?? ""];
    const suggestions = ids.map((responseId, index) => ({
      ...(run.suggestions[index] ?? empty()),
      responseId,
    }));
    return { ...run, suggestions, messageId: event.started.messageId || run.messageId };
  }
  if (event.state) {
    return {
      ...run,
      phase: STATES[event.state.state ?? ""] ?? run.phase,
      ahead: event.state.queuePosition ?? 0,
      etaSeconds: Number(event.state.etaSeconds ?? 0),
    };
  }
  if (event.done) {
    const done = event.done;
    const index = done.suggestion ?? 0;
    const whole: Suggestion = {
      responseId: done.responseId ?? run.suggestions[index]?.responseId ?? "",
      text: done.response ?? "",
      complete: !INCOMPLETE.has(done.finishReason ?? ""),
      confidence: Number(done.confidence ?? 0),
      modelVersion: done.modelVersion ?? "",
    };
    const superseded = run.superseded || done.finishReason === "FINISH_REASON_SUPERSEDED";
    return {
      ...replace(run, index, whole),
      superseded,
      phase: done.last ? lastPhase(done.finishReason) : run.phase,
    };
  }
  if (event.error) {
    const { code, message, reason } = event.error;
    const problem = { code: code ?? 13, message: message ?? "", reason, broken: false };
    return { ...run, phase: "failed", problem };
  }
  return run;
}

function lastPhase(finishReason: string | undefined): Phase {
  return finishReason === "FINISH_REASON_CANCELLED" || finishReason === "FINISH_REASON_DEADLINE"
    ? "stopped"
    : "done";
}

function onTokens(run: Run, texts: ReadonlyMap<number, string>): Run {
  let next: Run = { ...run, phase: "writing" };
  for (const [index, text] of texts) {
    const before = next.suggestions[index] ?? empty();
    next = replace(next, index, { ...before, text: before.text + text });
  }
  return next;
}

function replace(run: Run, index: number, suggestion: Suggestion): Run {
  const suggestions = [...run.suggestions];
  while (suggestions.length < index) suggestions.push(empty());
  suggestions[index] = suggestion;
  return { ...run, suggestions };
}
