/** Why there is no draft: what happened, what is safe. */
import { Code } from "@/lib/api/error";
import type { ModelStatus } from "@/lib/api/types";
import { modelWords } from "@/lib/queries/model";
import { duration } from "@/lib/time";
import type { Problem } from "./draft-run";

export function problemWords(problem: Problem, words: number, model: ModelStatus | undefined): string {
  if (words > 0) {
    const what = problem.broken ? "The connection broke" : problem.message || "The model stopped";
    return `${what.replace(/\.$/, "")}, after ${words} ${words === 1 ? "word" : "words"}. What arrived is kept.`;
  }
  if (problem.code === Code.RESOURCE_EXHAUSTED) {
    const when = problem.retryAfter ? `in ${duration(problem.retryAfter)}` : "in a moment";
    return `The queue is full. Try again ${when}.`;
  }
  if (problem.reason === "EMPTY_CONVERSATION") return "There is nothing with words to answer here.";
  if (problem.broken) return "Your server does not answer. Nothing was lost.";
  if (problem.code === Code.UNAVAILABLE && model && model.state !== "MODEL_STATE_READY") {
    return `${modelWords(model).words}. ${model.message || "Nothing was lost."}`;
  }
  if (problem.code === Code.DEADLINE_EXCEEDED) return "It took too long. Nothing was lost.";
  return `${(problem.message || "Something went wrong on the server").replace(/\.$/, "")}. Nothing was lost.`;
}

export function wordCount(text: string): number {
  return text.trim().split(/\s+/).filter(Boolean).length;
}
