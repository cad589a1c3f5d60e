/** A Mac's name, changed in place. */
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { useRenameDevice } from "../api/devices";

interface RenameFormProps {
  id: string;
  name: string;
  onDone: () => void;
}

export function RenameForm({ id, name, onDone }: RenameFormProps) {
  const rename = useRenameDevice();
  const [text, setText] = useState(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const next = text.trim();
    if (!next || rename.isPending) return;
    if (next === name) onDone();
    else rename.mutate({ id, name: next }, { onSuccess: onDone });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onDone();
  };
  return (
    <form className="rename" onSubmit={submit}>
      <input
        className="input"
        aria-label={`New name of ${name}`}
        // biome-ignore lint/a11y/noAutofocus: its button was pressed a moment ago.
        autoFocus
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
      />
      <Button type="submit" waiting={rename.isPending} unavailable={!text.trim()}>
        Save
      </Button>
      <Button kind="ghost" onClick={onDone}>
        Cancel
      </Button>
      {rename.isError && (
        <p className="help bad" role="alert">
          <Icon name="alert" />
          The name was not saved. Try again.
        </p>
      )}
    </form>
  );
}
