/** What stands below the messages: the way to a draft, or the draft. It never sends anything. */
import { type RefObject, useEffect, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { useShortcuts } from "@/lib/keys";
import { clockTime } from "@/lib/time";
import { type DraftTarget, useDrafting } from "../use-drafting";
import { useVerdict } from "../use-verdict";
import { DraftPanel } from "./DraftPanel";
import { Settled } from "./Settled";

interface DraftDockProps {
  conversationId: string;
  newest: DraftTarget | undefined;
  /** The messages are here, so that "nothing to answer" is a fact. */
  ready: boolean;
  showMessage: (messageId: string) => void;
}

export function DraftDock({ conversationId, newest, ready, showMessage }: DraftDockProps) {
  const drafting = useDrafting(conversationId, newest);
  const verdict = useVerdict(conversationId, drafting);
  const panel = useRef<HTMLElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const shown = verdict.settled ? "settled" : drafting.open && drafting.about ? "panel" : "idle";
  useFollowingFocus(shown, panel, button);

  const begin = () => drafting.draft("");
  useShortcuts({ d: begin }, shown === "idle" && newest !== undefined);

  return (
    <div className="dock">
      <div className="col">
        {verdict.notice}
        {shown === "settled" && verdict.settled && (
          <Settled settled={verdict.settled} onDone={verdict.dismiss} />
        )}
        {shown === "panel" && (
          <DraftPanel
            ref={panel}
            drafting={drafting}
            verdict={verdict}
            newest={newest}
            showMessage={showMessage}
          />
        )}
        {shown === "idle" && (
          <div className="draft-idle">
            <Button
              ref={button}
              kind="primary"
              icon="pen"
              hint="D"
              aria-keyshortcuts="D"
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
            <span className="why">{invitation(newest, ready)}</span>
          </div>
        )}
      </div>
    </div>
  );
}

function invitation(newest: DraftTarget | undefined, ready: boolean): string {
  if (!ready) return "";
  if (!newest) return "There is nothing with words to answer yet";
  if (newest.who === "you") return "The last word is yours";
  return `to ${newest.who}, ${clockTime(newest.at)}`;
}

/** When the button that had the keyboard goes, whatever comes in its place has it. */
function useFollowingFocus(
  shown: string,
  panel: RefObject<HTMLElement | null>,
  button: RefObject<HTMLButtonElement | null>,
): void {
  const before = useRef(shown);
  useEffect(() => {
    if (before.current === shown) return;
    before.current = shown;
    if (document.activeElement !== document.body) return;
    if (shown === "panel") panel.current?.focus({ preventScroll: true });
    if (shown === "idle") button.current?.focus({ preventScroll: true });
  }, [shown, panel, button]);
}
