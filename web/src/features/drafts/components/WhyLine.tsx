/** Below the text, when something is to be said about it: why it stopped, why it no longer fits, what it waits for. */
import type { ModelStatus } from "@/lib/api/types";
import { clockTime } from "@/lib/time";
import type { DraftState } from "../draft-state";
import { problemWords, wordCount } from "../problem-words";
import type { DraftTarget } from "../use-drafting";
import type { Version } from "../versions";

interface WhyLineProps {
  version: Version;
  state: DraftState;
  newest: DraftTarget | undefined;
  model: ModelStatus | undefined;
}

export function WhyLine({ version, state, newest, model }: WhyLineProps) {
  const words = wordCount(version.suggestions[0]?.text ?? "");
  switch (state.kind) {
    case "outdated":
      return <p className="why-line">{outdatedWords(newest)}</p>;
    case "waiting":
      return (
        <>
          <p className="why-line">
            {model?.displayName || "The model"} is loading. Your draft starts by itself.
          </p>
          <progress
            className="bar"
            aria-label="Loading the model"
            value={Number(model?.loadProgress ?? 0)}
            max={1}
          />
        </>
      );
    case "failed":
      return (
        <p className="why-line" role="alert">
          {version.problem && problemWords(version.problem, words, model)}
        </p>
      );
    default:
      return null;
  }
}

function outdatedWords(newest: DraftTarget | undefined): string {
  if (!newest) return "A newer message arrived, so this may no longer fit.";
  const who = newest.who === "you" ? "You wrote" : `${newest.who} wrote again`;
  return `${who} at ${clockTime(newest.at)}, so this may no longer fit.`;
}
