/** Six digits: one input drawn over six cells, so that pasting, one-time-code keyboards and screen readers just work. */
import { type Ref, useState } from "react";

export const CODE_LENGTH = 6;
const CELLS = Array.from({ length: CODE_LENGTH }, (_, index) => index);

interface CodeInputProps {
  value: string;
  onChange: (value: string) => void;
  invalid: boolean;
  describedBy: string;
  ref?: Ref<HTMLInputElement>;
}

export function CodeInput({ value, onChange, invalid, describedBy, ref }: CodeInputProps) {
  const [focused, setFocused] = useState(false);
  const current = focused ? Math.min(value.length, CODE_LENGTH - 1) : -1;
  return (
    <div className={invalid ? "code wrong" : "code"}>
      {CELLS.map((index) => (
        <span
          key={index}
          className={["cell", index === current ? "now" : "", value[index] ? "full" : ""]
            .filter(Boolean)
            .join(" ")}
          aria-hidden="true"
        >
          {value[index]}
        </span>
      ))}
      <input
        ref={ref}
        aria-label="Pairing code"
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        // No maxLength: it would cut a pasted "417 052" before the space is taken out.
        inputMode="numeric"
        autoComplete="one-time-code"
        name="code"
        value={value}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onChange={(event) => onChange(event.target.value.replace(/\D/g, "").slice(0, CODE_LENGTH))}
      />
    </div>
  );
}
