/** What stands below the messages: the way to a draft, or the draft. It never sends anything. */
import { useId, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { useShortcuts } from "@/lib/keys";
import { clockTime } from "@/lib/time";
import { type DraftTarget, useDrafting } from "../use-drafting";
import { useKeptFocus } from "../use-kept-focus";
import { useVerdict } from "../use-verdict";
import { DraftPanel } from "./DraftPanel";
import { Settled } from "./Settled";

interface DraftDockProps {
  conversationId: string;
  newest: DraftTarget | undefined;
  /** The messages are here, so that "nothing to answer" is a fact. */
  ready: boolean;
  /** Why no drafts are made in this conversation; empty where they are. */
  closed: string;
  showMessage: (messageId: string) => void;
}

export function DraftDock({ conversationId, newest, ready, closed, showMessage }: DraftDockProps) {
  const drafting = useDrafting(conversationId, newest);
  const verdict = useVerdict(conversationId, drafting);
  const dock = useRef<HTMLDivElement>(null);
  const shown = verdict.settled ? "settled" : drafting.open && drafting.about ? "panel" : "idle";
  const why = useId();
  useKeptFocus(dock);

  const begin = () => drafting.draft("");
  useShortcuts({ d: begin }, shown === "idle" && newest !== undefined);

  return (
    <div className="dock" ref={dock}>
      <div className="col">
        {verdict.notice}
        {shown === "settled" && verdict.settled && (
          <Settled settled={verdict.settled} onDone={verdict.dismiss} />
        )}
        {shown === "panel" && (
          <DraftPanel drafting={drafting} verdict={verdict} newest={newest} showMessage={showMessage} />
        )}
        {shown === "idle" && (
          <div className={newest || !ready ? "draft-idle" : "draft-idle blocked"}>
            <Button
              kind="primary"
              icon="pen"
              hint="D"
              aria-keyshortcuts="D"
              aria-describedby={why}
              unavailable={!newest}
              onClick={begin}
            >
              Draft a reply
            </Button>
            {drafting.versions.length > 0 && (
              <Button kind="ghost" onClick={drafting.browse}>
                Earlier drafts
              </Button>
            )}
            <span className="why" id={why}>
              {closed || invitation(newest, ready)}
            </span>
          </div>
        )}
      </div>
    </div>
  );
}

function invitation(newest: DraftTarget | undefined, ready: boolean): string {
  if (!ready) return "";
  if (!newest) return "There is nothing to answer yet";
  if (newest.who === "you") return "The last word is yours";
  return `to ${newest.who}, ${clockTime(newest.at)}`;
}
