/** One message, with all that hangs on it. Memoised: typing a reply must not draw a thousand bubbles again. */
import { memo, useId, useState } from "react";
import { Avatar } from "@/components/ui/Avatar";
import { Icon } from "@/components/ui/Icon";
import type { Message } from "@/lib/api/types";
import { clockTime } from "@/lib/time";
import type { MessageInRun } from "../message-runs";
import { bodyWords, firstName, isOutgoing, kindOf, senderName } from "../message-words";
import { Attachments } from "./Attachments";
import { Marked } from "./Marked";
import { Reactions } from "./Reactions";

interface MessageRowProps {
  item: MessageInRun;
  group: boolean;
  found: boolean;
  query: string;
  /** The message this one replies to, when it is loaded. */
  repliedTo: Message | undefined;
  onShow: (messageId: string) => void;
}

export const MessageRow = memo(function MessageRow({
  item,
  group,
  found,
  query,
  repliedTo,
  onShow,
}: MessageRowProps) {
  const { message, at, first, last } = item;
  const out = isOutgoing(message);
  const name = senderName(message);
  if (message.messageType === "MESSAGE_TYPE_GROUP_EVENT") {
    return <p className="event">{message.text?.trim() || kindOf(message.messageType).words}</p>;
  }
  const shape = ["msg", out && "out", !first && "next", found && "found"].filter(Boolean).join(" ");
  return (
    <article className={shape} id={`m-${message.messageId}`} aria-label={label(message, at)}>
      {!out && (last && !message.unsentAt ? <Avatar name={name} size="s" /> : <span />)}
      <div className="body">
        {group && !out && first && !message.unsentAt && (
          <span className="who">
            <bdi>{firstName(name)}</bdi>
          </span>
        )}
        {message.replyToGuid && !message.unsentAt && <Quote message={repliedTo} onShow={onShow} />}
        <Content message={message} last={last} query={query} />
        <Meta message={message} at={at} last={last} />
      </div>
    </article>
  );
});

function label(message: Message, at: Date): string {
  const extras = [
    message.unsentAt && "unsent",
    message.editedAt && "edited",
    message.attachments?.length && "attachment",
    message.replyToGuid && "a reply",
  ].filter(Boolean);
  return [senderName(message), clockTime(at), ...extras].join(", ");
}

function Content({ message, last, query }: { message: Message; last: boolean; query: string }) {
  if (message.unsentAt) {
    const who = isOutgoing(message) ? "You" : firstName(senderName(message));
    return (
      <p className="unsent">
        <bdi>{who}</bdi> unsent a message
      </p>
    );
  }
  const attachments = message.attachments ?? [];
  const reactions = message.reactions ?? [];
  const text = message.text ?? "";
  // Without text and without a known attachment the kind is all there is to say.
  const placeholder = text.trim() === "" && attachments.length === 0;
  return (
    <>
      {attachments.length > 0 && <Attachments message={message} reactions={text.trim() ? [] : reactions} />}
      {(text.trim() !== "" || placeholder) && (
        <p
          className={["bubble", last && "tail", reactions.length > 0 && "tapped"].filter(Boolean).join(" ")}
          dir="auto"
        >
          {placeholder ? <i className="faint">{bodyWords(message)}</i> : <Marked text={text} query={query} />}
          <Reactions reactions={reactions} />
        </p>
      )}
    </>
  );
}

function Quote({ message, onShow }: { message: Message | undefined; onShow: (messageId: string) => void }) {
  const content = (
    <>
      <Icon name="reply" />
      <span className="clip" dir="auto">
        {message ? `${firstName(senderName(message))}: ${bodyWords(message)}` : "Reply to an earlier message"}
      </span>
    </>
  );
  if (!message) return <span className="quote">{content}</span>;
  return (
    <button className="quote" type="button" onClick={() => onShow(message.messageId ?? "")}>
      {content}
    </button>
  );
}

function Meta({ message, at, last }: { message: Message; at: Date; last: boolean }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const edited = message.editedAt && !message.unsentAt;
  const time = <time dateTime={message.sentAt}>{clockTime(at)}</time>;
  if (message.unsentAt) return null;
  if (!last && !edited) return <span className="when">{time}</span>;
  const edits = message.edits ?? [];
  return (
    <>
      <p className="meta">
        {time}
        {edited &&
          (edits.length > 0 ? (
            <button type="button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
              Edited
            </button>
          ) : (
            <span>Edited</span>
          ))}
      </p>
      {open && (
        <ol className="edits" id={id} aria-label="Earlier versions">
          {edits.map((edit) => (
            <li key={`${edit.editedAt}${edit.text}`} dir="auto">
              {edit.text}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
