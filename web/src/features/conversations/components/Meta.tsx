/** Under a message: its time, what became of it, and what is out of the ordinary with it. */
import { useId, useState } from "react";
import { Icon } from "@/components/ui/Icon";
import type { Message } from "@/lib/api/types";
import { clockTime } from "@/lib/time";
import { deliveryOf } from "../delivery";
import { notesOf } from "../message-notes";
import { Edits } from "./Edits";

interface MetaProps {
  message: Message;
  at: Date;
  /** The last of a run: the others show their time beside them, when they are pointed at. */
  last: boolean;
}

export function Meta({ message, at, last }: MetaProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  if (message.unsentAt) return null;
  const edited = message.editedAt;
  const edits = message.edits ?? [];
  const notes = notesOf(message);
  const known = deliveryOf(message);
  const delivery = last || known?.state !== "quiet" ? known : undefined;
  const time = <time dateTime={message.sentAt}>{clockTime(at)}</time>;
  if (!last && !edited && !delivery && notes.length === 0) return <span className="when">{time}</span>;
  return (
    <>
      <p className="meta">
        {delivery?.state !== "scheduled" && time}
        {edited &&
          (edits.length > 0 ? (
            <button type="button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
              Edited
            </button>
          ) : (
            <span>Edited</span>
          ))}
        {delivery && (
          <span className={`delivery ${delivery.state}`}>
            {delivery.state === "failed" && <Icon name="alert" />}
            {delivery.state === "scheduled" && <Icon name="clock" />}
            {delivery.words}
          </span>
        )}
        {notes.map(({ words, icon }) => (
          <span className="note" key={words}>
            <Icon name={icon} />
            {words}
          </span>
        ))}
      </p>
      {open && <Edits id={id} edits={edits} />}
    </>
  );
}
