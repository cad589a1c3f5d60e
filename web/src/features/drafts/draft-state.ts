/** The one word that says how a draft is, and what may be done with it. */
import type { IconName } from "@/components/ui/Icon";
import { Code } from "@/lib/api/error";
import type { ModelStatus } from "@/lib/api/types";
import { duration } from "@/lib/time";
import { wordCount } from "./problem-words";
import type { Version } from "./versions";

export interface DraftState {
  kind: "queued" | "waiting" | "reading" | "writing" | "done" | "stopped" | "failed" | "outdated" | "decided";
  word: string;
  icon: IconName;
  tone: "accent" | "warn" | "bad" | "plain";
  /** More about it: "2 ahead, about 6 s". */
  aside: string;
  canAccept: boolean;
  canSteer: boolean;
}

const QUIET = { aside: "", canAccept: false, canSteer: false };

export function stateOf(
  version: Version | undefined,
  outdated: boolean,
  model: ModelStatus | undefined,
): DraftState {
  const phase = version?.phase ?? "queued";
  if (outdated && (phase === "done" || phase === "stopped" || phase === "writing" || phase === "failed")) {
    return { ...QUIET, kind: "outdated", word: "Outdated", icon: "clock", tone: "warn" };
  }
  switch (phase) {
    case "queued":
      return {
        ...QUIET,
        kind: "queued",
        word: "Queued",
        icon: "clock",
        tone: "accent",
        aside: queue(version),
      };
    case "reading":
      return { ...QUIET, kind: "reading", word: "Reading", icon: "pen", tone: "accent", canSteer: true };
    case "writing":
      return { ...QUIET, kind: "writing", word: "Writing", icon: "pen", tone: "accent", canSteer: true };
    case "done":
      return {
        ...QUIET,
        kind: "done",
        word: "Draft",
        icon: "pen",
        tone: "accent",
        canAccept: true,
        canSteer: true,
      };
    case "stopped":
      return {
        ...QUIET,
        kind: "stopped",
        word: "Stopped",
        icon: "stop",
        tone: "plain",
        aside: written(version),
      };
    case "failed":
      return failed(version, model);
    case "accepted":
      return { ...QUIET, kind: "decided", word: "Accepted", icon: "check", tone: "plain", canSteer: true };
    case "edited":
      return {
        ...QUIET,
        kind: "decided",
        word: "Accepted with changes",
        icon: "check",
        tone: "plain",
        canSteer: true,
      };
    case "rejected":
      return { ...QUIET, kind: "decided", word: "Rejected", icon: "cross", tone: "plain", canSteer: true };
  }
}

function queue(version: Version | undefined): string {
  if (!version) return "";
  const parts = [
    version.ahead > 0 && `${version.ahead} ahead`,
    version.etaSeconds > 0 && `about ${duration(version.etaSeconds)}`,
  ];
  return parts.filter(Boolean).join(", ");
}

function written(version: Version | undefined): string {
  const words = wordCount(version?.suggestions[0]?.text ?? "");
  return words === 0 ? "before the first word" : `after ${words} ${words === 1 ? "word" : "words"}`;
}

function failed(version: Version | undefined, model: ModelStatus | undefined): DraftState {
  const begun = version?.suggestions.some((suggestion) => suggestion.text !== "") ?? false;
  const loading = model?.state === "MODEL_STATE_LOADING" && version?.problem?.code === Code.UNAVAILABLE;
  if (loading && !begun) {
    return { ...QUIET, kind: "waiting", word: "Waiting for the model", icon: "clock", tone: "accent" };
  }
  const word = begun ? "Cut short" : "No draft this time";
  return { ...QUIET, kind: "failed", word, icon: "alert", tone: "bad" };
}
