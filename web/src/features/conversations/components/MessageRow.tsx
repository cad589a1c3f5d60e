/** One message, with all that hangs on it. Memoised: typing a reply must not draw a thousand bubbles again. */
import { memo } from "react";
import { Avatar } from "@/components/ui/Avatar";
import type { Message } from "@/lib/api/types";
import { clockTime } from "@/lib/time";
import { deliveryOf } from "../delivery";
import { isEvent } from "../event-words";
import { realAttachments } from "../kinds";
import type { MessageInRun } from "../message-runs";
import { firstName, isOutgoing, senderName } from "../names";
import { EventLine } from "./EventLine";
import { MessageBody } from "./MessageBody";
import { Meta } from "./Meta";
import { Quote } from "./Quote";

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
  if (isEvent(message)) return <EventLine message={message} />;
  const shape = [
    "msg",
    out && "out",
    !first && "next",
    found && "found",
    message.isScheduled && "scheduled",
  ].filter(Boolean);
  return (
    <article className={shape.join(" ")} id={`m-${message.messageId}`} aria-label={label(message, at)}>
      {!out && (last && !message.unsentAt ? <Avatar name={name} size="s" /> : <span />)}
      <div className="body">
        {group && !out && first && !message.unsentAt && (
          <span className="who">
            <bdi>{firstName(name)}</bdi>
          </span>
        )}
        {message.replyToGuid && !message.unsentAt && <Quote message={repliedTo} onShow={onShow} />}
        <MessageBody message={message} last={last} query={query} />
      </div>
      <div className="under">
        <Meta message={message} at={at} last={last} />
      </div>
    </article>
  );
});

function label(message: Message, at: Date): string {
  const state = deliveryOf(message)?.state;
  const extras = [
    message.unsentAt && "unsent",
    state === "failed" && "not delivered",
    state === "scheduled" && "scheduled",
    message.editedAt && "edited",
    realAttachments(message).length > 0 && "attachment",
    message.replyToGuid && "a reply",
  ].filter(Boolean);
  return [senderName(message), clockTime(at), ...extras].join(", ");
}
