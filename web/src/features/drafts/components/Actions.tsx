/** What can be done with the draft that is shown. One main action at a time, and never "send". */
import { useId, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { sureness } from "../confidence";
import type { Suggestion } from "../draft-run";
import type { DraftState } from "../draft-state";

interface ActionsProps {
  state: DraftState;
  live: boolean;
  suggestion: Suggestion | undefined;
  chosen: number;
  many: boolean;
  instruction: string;
  onAccept: () => void;
  onEdit: () => void;
  onReject: () => void;
  onAgain: () => void;
  onClose: () => void;
}

export function Actions(props: ActionsProps) {
  const { state, suggestion, onEdit, onReject, onAgain, onClose } = props;
  const text = suggestion?.text.trim() ?? "";
  switch (state.kind) {
    case "queued":
    case "waiting":
      return null;
    case "reading":
    case "writing":
    case "done":
      return <Choose {...props} />;
    case "outdated":
      return (
        <div className="acts">
          <Button kind="primary" icon="again" hint="R" onClick={onAgain}>
            Draft again
          </Button>
          {text && (
            <Button kind="ghost" hint="E" onClick={onEdit}>
              Edit this one
            </Button>
          )}
          <Button kind="ghost" onClick={onReject} hint="X">
            Dismiss
          </Button>
        </div>
      );
    case "stopped":
      return (
        <div className="acts">
          {text && (
            <Button icon="pen" hint="E" onClick={onEdit}>
              Edit
            </Button>
          )}
          <Button icon="again" hint="R" onClick={onAgain}>
            Again
          </Button>
          <Button kind="ghost" hint="X" onClick={onReject}>
            Dismiss
          </Button>
        </div>
      );
    case "failed":
      return (
        <div className="acts">
          <Button kind={text ? "plain" : "primary"} icon="again" hint="R" onClick={onAgain}>
            Try again
          </Button>
          {text && (
            <Button kind="ghost" icon="pen" hint="E" onClick={onEdit}>
              Finish it myself
            </Button>
          )}
          <Button kind="ghost" hint="X" onClick={onReject}>
            Dismiss
          </Button>
        </div>
      );
    case "decided":
      return (
        <div className="acts">
          <Button onClick={onClose}>Close</Button>
        </div>
      );
  }
}

function Choose({
  state,
  live,
  suggestion,
  chosen,
  many,
  instruction,
  onAccept,
  onEdit,
  onReject,
}: ActionsProps) {
  const id = useId();
  return (
    <div className="acts">
      <Button
        kind="primary"
        icon="copy"
        hint="↵"
        unavailable={!state.canAccept}
        aria-describedby={live ? id : undefined}
        onClick={onAccept}
      >
        {live ? "Accept" : "Accept and copy"}
      </Button>
      <Button
        icon="pen"
        hint="E"
        unavailable={live}
        aria-describedby={live ? id : undefined}
        onClick={onEdit}
      >
        Edit
      </Button>
      <Button
        kind="ghost"
        hint="X"
        unavailable={live}
        aria-describedby={live ? id : undefined}
        onClick={onReject}
      >
        Reject
      </Button>
      {live ? (
        <span className="why" id={id}>
          {many ? `Accept is ready when ${chosen + 1} is done` : "Ready when it is done"}
        </span>
      ) : (
        suggestion && <Confidence suggestion={suggestion} instruction={instruction} />
      )}
    </div>
  );
}

/** The file's hash behind the name is for logs. */
function modelName(modelVersion: string): string {
  return modelVersion.replace(/@[0-9a-f]{6,}/g, "");
}

function Confidence({ suggestion, instruction }: { suggestion: Suggestion; instruction: string }) {
  const [shown, setShown] = useState(false);
  const { words, icon } = sureness(suggestion.confidence);
  return (
    <span className="why">
      <button
        className="conf"
        type="button"
        aria-expanded={shown}
        aria-label={`${words}. Show the number`}
        onClick={() => setShown(!shown)}
      >
        <Icon name={icon} />
        {words}
        {shown && <span className="num">{suggestion.confidence.toFixed(2)}</span>}
      </button>
      <br />
      {shown
        ? "How sure the model was of its words, not whether it is right"
        : [modelName(suggestion.modelVersion), instruction].filter(Boolean).join(", ")}
    </span>
  );
}
