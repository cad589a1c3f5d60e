/** The texts: one, or a radio group with the chosen one whole and the others on a line each. */
import { type KeyboardEvent, type Ref, useRef } from "react";
import { sureness } from "../confidence";
import type { Suggestion } from "../draft-run";

interface SuggestionsProps {
  suggestions: readonly Suggestion[];
  chosen: number;
  live: boolean;
  faded: boolean;
  onChoose: (index: number) => void;
  ref: Ref<HTMLElement>;
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

export function Suggestions({ suggestions, chosen, live, faded, onChoose, ref }: SuggestionsProps) {
  const group = useRef<HTMLDivElement>(null);
  if (suggestions.every((suggestion) => suggestion.text === "")) return null;
  if (suggestions.length === 1) {
    const only = suggestions[0]!;
    return (
      <div className="opts one">
        <p
          className={faded ? "text old" : "text"}
          dir="auto"
          data-testid="draft-text"
          // Busy while it is written, so that it is read out once and whole.
          aria-live="polite"
          aria-busy={live}
          ref={ref as Ref<HTMLParagraphElement>}
        >
          {only.text}
          {live && !only.complete && <span className="caret" aria-hidden="true" />}
        </p>
      </div>
    );
  }
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (chosen + step + suggestions.length) % suggestions.length;
    onChoose(next);
    group.current?.querySelectorAll<HTMLButtonElement>("[role=radio]")[next]?.focus();
  };
  return (
    <div className="opts" role="radiogroup" aria-label="Suggestions" ref={group} onKeyDown={move}>
      {suggestions.map((suggestion, index) => {
        const checked = index === chosen;
        const writing = live && !suggestion.complete;
        return (
          // biome-ignore lint/a11y/useSemanticElements: a native radio cannot hold a text that is being written.
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: suggestions are told apart by their number.
            key={index}
            className="opt"
            type="button"
            role="radio"
            aria-checked={checked}
            tabIndex={checked ? 0 : -1}
            onClick={() => onChoose(index)}
          >
            <kbd>{index + 1}</kbd>
            <span
              className={faded ? "txt old" : "txt"}
              dir="auto"
              data-testid={checked ? "draft-text" : undefined}
              ref={checked ? (ref as Ref<HTMLSpanElement>) : undefined}
            >
              {suggestion.text}
              {writing && <span className="caret" aria-hidden="true" />}
            </span>
            {!checked && (
              <span className="side">{writing ? "Writing" : sureness(suggestion.confidence).words}</span>
            )}
          </button>
        );
      })}
    </div>
  );
}
