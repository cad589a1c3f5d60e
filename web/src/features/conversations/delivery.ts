/** What became of a message of the owner's, in words. */
import type { Message } from "@/lib/api/types";
import { clockTime, dateWords, dayKey } from "@/lib/time";
import { isOutgoing } from "./names";

export interface Delivery {
  words: string;
  /** It needs its owner's eye, wherever it stands; the rest is only said under the last message of a run. */
  state: "failed" | "scheduled" | "quiet";
}

export function deliveryOf(message: Message): Delivery | undefined {
  if (!isOutgoing(message)) return undefined;
  if (Number(message.errorCode ?? 0) !== 0) return { words: "Not delivered", state: "failed" };
  if (message.isScheduled) return { words: scheduled(message), state: "scheduled" };
  if (message.readAt) return { words: `Read ${momentAfter(message.readAt, message.sentAt)}`, state: "quiet" };
  if (message.isRead) return { words: "Read", state: "quiet" };
  if (message.isDelivered || message.deliveredAt) return { words: "Delivered", state: "quiet" };
  return undefined;
}

function scheduled({ sentAt }: Message): string {
  if (!sentAt) return "Scheduled";
  const at = new Date(sentAt);
  return `Scheduled for ${dateWords(at, new Date())}, ${clockTime(at)}`;
}

/** "14:02"; with the date when it was another day than that of the message. */
function momentAfter(moment: string, sentAt: string | undefined): string {
  const at = new Date(moment);
  const sent = new Date(sentAt ?? moment);
  return dayKey(at) === dayKey(sent) ? clockTime(at) : `${dateWords(at, sent)}, ${clockTime(at)}`;
}
