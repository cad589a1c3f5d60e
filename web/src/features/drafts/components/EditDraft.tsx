/** Editing a draft in place, with what changed below it. What is typed is kept, whatever happens. */
import { type KeyboardEvent, useEffect, useId, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { MODIFIER } from "@/lib/keys";
import type { DraftTarget } from "../use-drafting";
import type { Edit } from "../use-typed";
import { About } from "./DraftHead";
import { WordDiff } from "./WordDiff";

interface EditDraftProps {
  edit: Edit;
  about: DraftTarget | undefined;
  onChange: (edit: Edit) => void;
  onAccept: (shown: Element | null) => void;
  onShow: (messageId: string) => void;
}

const LONGEST = 20_000;

export function EditDraft({ edit, about, onChange, onAccept, onShow }: EditDraftProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const empty = edit.text.trim() === "";
  const changed = edit.text !== edit.original;

  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.focus({ preventScroll: true });
    area.setSelectionRange(area.value.length, area.value.length);
  }, []);

  const accept = () => {
    if (!empty) onAccept(field.current);
  };
  const back = () => onChange({ ...edit, open: false });
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      back();
    }
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      accept();
    }
  };

  return (
    <section className="draft editing" aria-label="Draft, editing" tabIndex={-1}>
      <div className="dhead">
        <span className="state accent">
          <Icon name="pen" />
          Editing
        </span>
        {about && <About about={about} onShow={onShow} />}
        <span className="hist faint">
          <span className="only-wide">Kept as you type</span>
        </span>
        <span className="sep" />
        <Button kind="ghost" hint="Esc" onClick={back}>
          Back to drafts
        </Button>
      </div>
      <div className="edit">
        <label className="sr" htmlFor={id}>
          Your reply
        </label>
        <textarea
          ref={field}
          id={id}
          dir="auto"
          maxLength={LONGEST}
          value={edit.text}
          onChange={(event) => onChange({ ...edit, text: event.target.value })}
          onKeyDown={onKey}
        />
        <WordDiff before={edit.original} after={edit.text} />
      </div>
      <div className="acts">
        <Button kind="primary" icon="copy" hint={`${MODIFIER}↵`} unavailable={empty} onClick={accept}>
          {edit.complete ? "Accept and copy" : "Copy"}
        </Button>
        {changed && (
          <Button kind="ghost" icon="undo" onClick={() => onChange({ ...edit, text: edit.original })}>
            Undo changes
          </Button>
        )}
        <span className="why">
          {edit.complete ? (
            <>
              Edits teach the next voice
              <br />
              more than anything else
            </>
          ) : (
            "This draft was not whole, so nothing is learned from it"
          )}
        </span>
      </div>
    </section>
  );
}
