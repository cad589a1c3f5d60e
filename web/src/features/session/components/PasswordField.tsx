/** The password, with a button that shows it, and what was wrong with the last one. */
import { type Ref, useId, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";

interface PasswordFieldProps {
  value: string;
  onChange: (value: string) => void;
  problem: string;
  ref?: Ref<HTMLInputElement>;
}

export function PasswordField({ value, onChange, problem, ref }: PasswordFieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <div className="field">
      <label htmlFor={id}>Password</label>
      <div className="pw">
        <input
          ref={ref}
          className="input"
          id={id}
          type={shown ? "text" : "password"}
          name="password"
          autoComplete="current-password"
          // biome-ignore lint/a11y/noAutofocus: the one thing to do on this page.
          autoFocus
          required
          maxLength={1024}
          value={value}
          aria-invalid={problem ? true : undefined}
          aria-describedby={`${id}-problem`}
          onChange={(event) => onChange(event.target.value)}
        />
        <Button
          kind="ghost"
          aria-pressed={shown}
          aria-label={shown ? "Hide the characters" : "Show the characters"}
          onClick={() => setShown(!shown)}
        >
          {shown ? "Hide" : "Show"}
        </Button>
      </div>
      <p className="help bad" id={`${id}-problem`} role="alert">
        {problem && (
          <>
            <Icon name="alert" />
            {problem}
          </>
        )}
      </p>
    </div>
  );
}
