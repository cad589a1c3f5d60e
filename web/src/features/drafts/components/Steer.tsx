/** Asking for another draft of another kind: chips, or the owner's own words. Choosing while it writes starts over. */
import { type FormEvent, type KeyboardEvent, type Ref, useState } from "react";
import { Hint } from "@/components/ui/Hint";
import { CHIPS } from "../instructions";

interface SteerProps {
  /** What the shown draft was made with. */
  instruction: string;
  words: string;
  onWords: (words: string) => void;
  onSteer: (instruction: string) => void;
  ref: Ref<HTMLInputElement>;
}

const LONGEST = 500;

export function Steer({ instruction, words, onWords, onSteer, ref }: SteerProps) {
  const [focused, setFocused] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (words.trim()) onSteer(words.trim());
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    // Enter that ends a composition belongs to the input method.
    if (event.key === "Enter" && (event.nativeEvent.isComposing || event.keyCode === 229))
      event.preventDefault();
    if (event.key === "Escape" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      event.currentTarget.blur();
    }
  };
  return (
    <form className="steer" onSubmit={submit} aria-label="Draft it differently">
      {CHIPS.map((chip) => {
        const pressed = instruction === chip.instruction;
        return (
          <button
            key={chip.label}
            className="chip"
            type="button"
            aria-pressed={pressed}
            onClick={() => onSteer(pressed ? "" : chip.instruction)}
          >
            {chip.label}
          </button>
        );
      })}
      <span className="own">
        <input
          ref={ref}
          className="input"
          aria-label="Say it in your own words"
          placeholder="Or in your words: “offer to drive”"
          aria-keyshortcuts="W"
          maxLength={LONGEST}
          dir="auto"
          enterKeyHint="go"
          value={words}
          onChange={(event) => onWords(event.target.value)}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onKeyDown={onKey}
        />
        <Hint>{focused && words.trim() ? "↵" : "W"}</Hint>
      </span>
    </form>
  );
}
