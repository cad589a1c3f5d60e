/** The form behind both the sign-in page and the dialog of a session that ran out. */
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { Button } from "@/components/ui/Button";
import { needsAccount, signInProblem, useSignIn } from "../api/sign-in";
import { PasswordField } from "./PasswordField";

interface SignInFormProps {
  /** Known when a session ran out: the same person again. */
  account?: string | undefined;
  children?: ReactNode;
  wrapActions?: (button: ReactNode) => ReactNode;
}

export function SignInForm({ account, children, wrapActions = (button) => button }: SignInFormProps) {
  const signIn = useSignIn();
  const [name, setName] = useState(account ?? "");
  const [asked, setAsked] = useState(false);
  const [password, setPassword] = useState("");
  const field = useRef<HTMLInputElement>(null);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!password || signIn.isPending) return;
    signIn.mutate(
      { account: name.trim(), password },
      {
        onError: (error) => {
          if (needsAccount(error)) setAsked(true);
          else field.current?.select();
        },
      },
    );
  };

  const askAccount = asked && account === undefined;
  const problem = signIn.isError && !needsAccount(signIn.error) ? signInProblem(signIn.error) : "";
  return (
    <form onSubmit={submit}>
      {children}
      {askAccount && (
        <div className="field">
          <label htmlFor="account">Account</label>
          <input
            className="input"
            id="account"
            name="account"
            autoComplete="username"
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <p className="help">This server has more than one account.</p>
        </div>
      )}
      <PasswordField ref={field} value={password} onChange={setPassword} problem={problem} />
      {wrapActions(
        <Button kind="primary" type="submit" hint="↵" waiting={signIn.isPending}>
          Sign in
        </Button>,
      )}
    </form>
  );
}
