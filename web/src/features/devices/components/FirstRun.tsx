/** No Mac yet: the way to the first draft in three steps. */
import type { ReactNode } from "react";
import { CopyLine } from "@/components/ui/CopyLine";
import { Icon } from "@/components/ui/Icon";
import { PairForm } from "./PairForm";

export function FirstRun() {
  const server = window.location.origin;
  return (
    <main className="page" id="main">
      <div className="page-in narrow">
        <h1>Three steps to your first draft</h1>
        <p>About five minutes, most of it waiting for the first sync.</p>
        <ol className="steps">
          <Step state="done" number={<Icon name="check" />} title="The server is up">
            <p className="muted small">You are signed in. Everything you see here stays on this server.</p>
          </Step>
          <Step state="now" number="2" title="Bring your Mac">
            <div className="card box">
              <p className="muted">
                Install the agent, then run this in Terminal on the Mac that has your messages. It shows six
                digits, and stays.
              </p>
              <CopyLine label="install" text={`assistant-agent install --server ${server}`} />
              <PairForm className="pair-in-steps" labelledBy="first-pair">
                <p className="muted" id="first-pair">
                  Type them here. Only approve a code that you can see on your own Mac.
                </p>
              </PairForm>
              <p className="muted small">
                macOS asks for <b>Full Disk Access</b> before the agent can read Messages; it reads only, and
                never writes. What to switch on, it says itself:
              </p>
              <CopyLine label="doctor" text="assistant-agent doctor" />
            </div>
          </Step>
          <Step state="later" number="3" title="First sync and first draft">
            <p className="muted small">
              You can read along while messages arrive. Open any conversation and press <kbd>D</kbd>.
            </p>
          </Step>
        </ol>
        <ul className="promise small">
          <Promised icon="lock" title="Stays here">
            No message leaves your own machines.
          </Promised>
          <Promised icon="pen" title="Drafts only">
            You copy, you send. It never does.
          </Promised>
          <Promised icon="trash" title="Yours to delete">
            Deactivate a Mac any time; it stops at once.
          </Promised>
        </ul>
      </div>
    </main>
  );
}

interface StepProps {
  state: "done" | "now" | "later";
  number: ReactNode;
  title: string;
  children: ReactNode;
}

function Step({ state, number, title, children }: StepProps) {
  return (
    <li className={`step ${state}`} aria-current={state === "now" ? "step" : undefined}>
      <span className="n">{number}</span>
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </li>
  );
}

function Promised({
  icon,
  title,
  children,
}: {
  icon: "lock" | "pen" | "trash";
  title: string;
  children: string;
}) {
  return (
    <li>
      <Icon name={icon} />
      <b>{title}</b>
      <p className="muted">{children}</p>
    </li>
  );
}
