/** A message in a few words: for the list, for quotes, for what carries no text. */
import type { Message } from "@/lib/api/types";
import { plain } from "@/lib/words";
import { eventWords, isEvent } from "./event-words";
import { attachmentWords, kindOf } from "./kinds";
import { firstName, isOutgoing, senderName } from "./names";

export const UNREADABLE = "The text of this message could not be read";

export function bodyWords(message: Message): string {
  if (message.unsentAt) return "unsent a message";
  if (isEvent(message)) return eventWords(message);
  return (
    message.text?.trim() ||
    message.subject?.trim() ||
    (message.textUndecodable && UNREADABLE) ||
    plain(message.app?.label?.trim() ?? "") ||
    attachmentWords(message) ||
    kindOf(message.messageType).words
  );
}

/** "You: Sent you the map", "Lena: Long lunch yes"; in a conversation of two, the other's name is already there. */
export function preview(message: Message | undefined, isGroup: boolean): string {
  if (!message) return "No messages";
  const body = bodyWords(message);
  const named = isOutgoing(message) || isGroup || message.unsentAt;
  if (!named || isEvent(message)) return body;
  const who = firstName(senderName(message));
  return message.unsentAt ? `${who} ${body}` : `${who}: ${body}`;
}
