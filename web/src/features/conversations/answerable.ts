/** Which message a draft answers: the same that the server would choose. */
import type { Message } from "@/lib/api/types";
import { isEvent } from "./event-words";
import { realAttachments } from "./kinds";
import { isOutgoing } from "./names";

/** Messages keeps a link and its preview as two messages, the one right after the other. */
const PREVIEW_FOLLOWS_MS = 90_000;

/** The newest message that was said to be answered: no event, no secret, nothing that was taken back or is still to come. */
export function newestToAnswer(newestFirst: readonly Message[]): Message | undefined {
  const said = newestFirst.filter((message) => !isHidden(message));
  return said.find((message, index) => saysSomething(message) && !isPreview(message, said.slice(index + 1)));
}

function isHidden(message: Message): boolean {
  const kept = message.isScheduled || message.hasOneTimeCode || message.isSpam || message.unsentAt;
  return Boolean(kept) || isEvent(message);
}

/** It has words, or somebody else attached something: that stands in the draft's context as "[photo]". */
function saysSomething(message: Message): boolean {
  if (message.text?.trim() || message.subject?.trim()) return true;
  return !isOutgoing(message) && realAttachments(message).length > 0;
}

function isPreview(message: Message, earlier: readonly Message[]): boolean {
  if (message.messageType !== "MESSAGE_TYPE_LINK" || !message.text) return false;
  const since = Date.parse(message.sentAt ?? "") - PREVIEW_FOLLOWS_MS;
  return earlier.some((one) => isSameLink(one, message) && Date.parse(one.sentAt ?? "") >= since);
}

function isSameLink(a: Message, b: Message): boolean {
  return a.text === b.text && a.direction === b.direction && (a.senderId ?? "") === (b.senderId ?? "");
}
