/** The panel's first line: the state in a word, what it answers, the walk through earlier drafts, and Stop or Again. */
import { Beat } from "@/components/ui/Beat";
import { Button, IconButton } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { clockTime } from "@/lib/time";
import type { DraftState } from "../draft-state";
import type { Drafting, DraftTarget } from "../use-drafting";

interface DraftHeadProps {
  state: DraftState;
  live: boolean;
  drafting: Drafting;
  onWalk: (step: number) => void;
  onStop: () => void;
  onAgain: () => void;
  onShow: (messageId: string) => void;
}

export function DraftHead({ state, live, drafting, onWalk, onStop, onAgain, onShow }: DraftHeadProps) {
  const { about, index, versions } = drafting;
  const stoppable = live || state.kind === "waiting";
  const ownAgain = state.kind === "done" || state.kind === "decided";
  return (
    <div className="dhead">
      <span className={`state ${state.tone}`}>
        <Icon name={state.icon} />
        {state.word}
        {(state.kind === "writing" || state.kind === "reading") && live && <Beat />}
      </span>
      {state.aside && <span className="small faint">{state.aside}</span>}
      {about && <About about={about} onShow={onShow} />}
      <span className="hist">
        {versions.length > 1 && (
          <>
            <IconButton
              icon="back"
              name="Earlier draft"
              aria-keyshortcuts="["
              unavailable={index === 0}
              onClick={() => onWalk(-1)}
            />
            <span className="num">
              <span className="sr">Draft </span>
              {index + 1}
              <span aria-hidden="true">/</span>
              <span className="sr"> of </span>
              {versions.length}
            </span>
            <IconButton
              icon="forward"
              name="Later draft"
              aria-keyshortcuts="]"
              unavailable={index === versions.length - 1}
              onClick={() => onWalk(1)}
            />
          </>
        )}
      </span>
      {versions.length > 1 && (stoppable || ownAgain) && <span className="sep" />}
      {stoppable && (
        <Button icon="stop" hint="Esc" aria-keyshortcuts="Escape" onClick={onStop}>
          Stop
        </Button>
      )}
      {!stoppable && ownAgain && (
        <Button kind="ghost" icon="again" hint="R" aria-keyshortcuts="R" onClick={onAgain}>
          Again
        </Button>
      )}
    </div>
  );
}

/** "to Lena, 10:41": leads to that message. */
export function About({ about, onShow }: { about: DraftTarget; onShow: (messageId: string) => void }) {
  const words = about.who === "you" ? "after your message" : `to ${about.who}`;
  return (
    <button className="to small" type="button" onClick={() => onShow(about.messageId)}>
      {words}, {clockTime(about.at)}
    </button>
  );
}
