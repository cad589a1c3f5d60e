/** Shows the product to somebody who is signed in, and asks anybody else to. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Empty } from "@/components/ui/Empty";
import { sessionsLost } from "@/lib/api/client";
import { sessionQuery } from "@/lib/queries/session";
import { useSignal } from "@/lib/signal";
import { SignInForm } from "./SignInForm";
import { SignInPage } from "./SignInPage";

export function SessionGate({ children }: { children: ReactNode }) {
  const session = useQuery(sessionQuery);
  const lost = useSignal(sessionsLost) > 0;
  // While it is asked once more after a failure, the failure stays on the page.
  const failed = session.isError || (session.isPending && session.errorUpdateCount > 0);
  if (failed && !session.data) return <NoServer retry={() => session.refetch()} />;
  if (session.isPending) return null;
  if (!session.data) return <SignInPage />;
  return (
    <>
      {children}
      {lost && <SignInAgain account={session.data.account?.name} />}
    </>
  );
}

/** The session ran out: ask over the page, which stays as it was, with all that was typed. */
function SignInAgain({ account }: { account: string | undefined }) {
  return (
    <Dialog title="Please sign in again">
      <p className="muted">Your session has ended. What you have typed is safe.</p>
      <SignInForm account={account} wrapActions={(button) => <footer>{button}</footer>} />
    </Dialog>
  );
}

function NoServer({ retry }: { retry: () => void }) {
  return (
    <main className="alone" id="main">
      <h1 className="sr">Conversation Assistant</h1>
      <Empty
        role="alert"
        icon="offline"
        title="Your server does not answer"
        action={
          <Button icon="again" onClick={retry}>
            Try again
          </Button>
        }
      >
        It may be starting; this page asks again by itself. Nothing was lost.
      </Empty>
    </main>
  );
}
