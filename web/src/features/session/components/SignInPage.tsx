/** The page of somebody who is not signed in. */
import { Icon } from "@/components/ui/Icon";
import { Logo } from "@/components/ui/Logo";
import { useTitle } from "@/lib/document-title";
import { SignInForm } from "./SignInForm";

export function SignInPage() {
  useTitle("Sign in");
  return (
    <div className="sign-in">
      <main id="main">
        <SignInForm>
          <Logo size={40} />
          <h1>Welcome back</h1>
          <p className="lead">Sign in to {window.location.hostname}</p>
        </SignInForm>
        <p className="help">
          Forgotten it? On the server, run <code>assistant accounts reset-password</code>.
        </p>
      </main>
      <footer className="foot">
        <Icon name="lock" />
        Your messages and the model stay on this server.
      </footer>
    </div>
  );
}
