/** All drafts for one message, oldest first: what the server keeps, and the one that is being made. */
import type { GeneratedResponse } from "@/lib/api/types";
import type { Phase, Problem, Run, Suggestion } from "./draft-run";

export interface Version {
  key: string;
  messageId: string;
  phase: Phase | "accepted" | "edited" | "rejected";
  suggestions: Suggestion[];
  instruction: string;
  ahead: number;
  etaSeconds: number;
  superseded: boolean;
  /** When it was made, and when the owner took it (0: not), in milliseconds. */
  madeAt: number;
  takenAt: number;
  problem?: Problem | undefined;
}

const PHASES: Record<string, Version["phase"]> = {
  RESPONSE_STATUS_COMPLETED: "done",
  RESPONSE_STATUS_ACCEPTED: "accepted",
  RESPONSE_STATUS_EDITED: "edited",
  RESPONSE_STATUS_REJECTED: "rejected",
  RESPONSE_STATUS_CANCELLED: "stopped",
  RESPONSE_STATUS_FAILED: "stopped",
  RESPONSE_STATUS_SUPERSEDED: "done",
};

const INCOMPLETE = new Set([
  "RESPONSE_STATUS_CANCELLED",
  "RESPONSE_STATUS_FAILED",
  "RESPONSE_STATUS_SUPERSEDED",
]);

/** Whether there is anything to show: a draft that failed before its first word is no version. */
function worthKeeping(response: GeneratedResponse): boolean {
  return (PHASES[response.status ?? ""] ?? "") !== "" && (response.response ?? "").trim() !== "";
}

function suggestionOf(response: GeneratedResponse): Suggestion {
  const edited = response.status === "RESPONSE_STATUS_EDITED" ? response.editedResponse : undefined;
  return {
    responseId: response.responseId ?? "",
    text: edited ?? response.response ?? "",
    complete: !INCOMPLETE.has(response.status ?? ""),
    confidence: Number(response.confidence ?? 0),
    modelVersion: response.modelVersion ?? "",
  };
}

/** The server lists drafts newest first; suggestions of one request follow each other, each with its number. */
export function keptVersions(newestFirst: readonly GeneratedResponse[], messageId: string): Version[] {
  const versions: Version[] = [];
  const own = newestFirst.filter((response) => response.messageId === messageId && worthKeeping(response));
  for (const response of inOrder(own)) {
    const suggestion = suggestionOf(response);
    const phase = PHASES[response.status ?? ""] ?? "done";
    const current = versions.at(-1);
    if (current && (response.suggestion ?? 0) > 0) {
      current.suggestions.push(suggestion);
      // One of them was chosen: that is what became of the whole version.
      if (phase === "accepted" || phase === "edited") current.phase = phase;
      current.takenAt = Math.max(current.takenAt, takenAt(response));
      continue;
    }
    versions.push({
      key: suggestion.responseId,
      messageId,
      phase,
      suggestions: [suggestion],
      instruction: response.instruction ?? "",
      ahead: 0,
      etaSeconds: 0,
      superseded: response.status === "RESPONSE_STATUS_SUPERSEDED",
      madeAt: time(response.generatedAt),
      takenAt: takenAt(response),
    });
  }
  return versions;
}

function inOrder(responses: readonly GeneratedResponse[]): GeneratedResponse[] {
  return [...responses].sort(
    (a, b) => time(a.generatedAt) - time(b.generatedAt) || (a.suggestion ?? 0) - (b.suggestion ?? 0),
  );
}

function time(at: string | undefined): number {
  return at ? Date.parse(at) : 0;
}

function takenAt(response: GeneratedResponse): number {
  const phase = PHASES[response.status ?? ""];
  return phase === "accepted" || phase === "edited" ? time(response.actedAt) : 0;
}

/** Whether the newest version still waits for a decision: it is whole, and none was taken since it was made. */
export function isWaiting(versions: readonly Version[]): boolean {
  const last = versions.at(-1);
  return (
    last?.phase === "done" &&
    !versions.some((version) => version.takenAt >= last.madeAt && version.takenAt > 0)
  );
}

/** Lay the draft that is being made over those that are kept; once the server lists it too, it is the same one. */
export function allVersions(kept: readonly Version[], run: Run | null): Version[] {
  if (!run) return [...kept];
  const own = new Set(run.suggestions.map((suggestion) => suggestion.responseId).filter(Boolean));
  const others = kept.filter((version) => !version.suggestions.some(({ responseId }) => own.has(responseId)));
  return [...others, { ...run, key: "run", madeAt: Number.POSITIVE_INFINITY, takenAt: 0 }];
}
