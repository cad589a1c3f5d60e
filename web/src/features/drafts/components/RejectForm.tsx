/** Rejecting: a reason helps, and may be left out. */
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { Button } from "@/components/ui/Button";

const LONGEST = 500;

export function RejectForm({
  onReject,
  onCancel,
}: {
  onReject: (reason: string) => void;
  onCancel: () => void;
}) {
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onReject(reason);
  };
  const onKey = (event: KeyboardEvent) => {
    const composing = event.nativeEvent.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && composing) event.preventDefault();
    if (event.key !== "Escape" || composing) return;
    event.preventDefault();
    onCancel();
  };
  return (
    <form className="acts reject" onSubmit={submit} aria-label="Reject this draft">
      <input
        className="input"
        aria-label="Why? You may leave it empty"
        placeholder="Why? You may leave it empty"
        // biome-ignore lint/a11y/noAutofocus: Reject was pressed a moment ago.
        autoFocus
        maxLength={LONGEST}
        dir="auto"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={onKey}
      />
      <Button kind="danger" type="submit" hint="↵">
        Reject
      </Button>
      <Button kind="ghost" hint="Esc" onClick={onCancel}>
        Keep it
      </Button>
    </form>
  );
}
