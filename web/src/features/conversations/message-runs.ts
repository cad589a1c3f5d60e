/** Messages as they are read: days, and runs of one person. */
import type { Message } from "@/lib/api/types";
import { dayKey } from "@/lib/time";
import { isEvent } from "./event-words";
import { isOutgoing } from "./names";

/** Two messages of one person further apart than this are two thoughts. */
const RUN_GAP_MS = 10 * 60 * 1000;

export interface MessageInRun {
  message: Message;
  at: Date;
  /** Begins a run: the name stands above it. */
  first: boolean;
  /** Ends a run: the tail, the avatar and the time. */
  last: boolean;
}

export interface Day {
  key: string;
  at: Date;
  messages: MessageInRun[];
}

function sameRun(a: Message, b: Message): boolean {
  if (a.unsentAt || b.unsentAt || isEvent(a) || isEvent(b)) return false;
  if (Boolean(a.isScheduled) !== Boolean(b.isScheduled) || isOutgoing(a) !== isOutgoing(b)) return false;
  if ((a.senderId ?? "") !== (b.senderId ?? "")) return false;
  return time(b).getTime() - time(a).getTime() < RUN_GAP_MS;
}

function time(message: Message): Date {
  return new Date(message.sentAt ?? 0);
}

/** Group messages, given newest first as the server sends them, into days and runs, oldest first. */
export function groupMessages(newestFirst: readonly Message[]): Day[] {
  const days: Day[] = [];
  let before: MessageInRun | undefined;
  for (let index = newestFirst.length - 1; index >= 0; index--) {
    const message = newestFirst[index]!;
    const at = time(message);
    const key = dayKey(at);
    let day = days.at(-1);
    if (day?.key !== key) {
      day = { key, at, messages: [] };
      days.push(day);
      before = undefined;
    }
    const joins = before !== undefined && sameRun(before.message, message);
    if (joins && before) before.last = false;
    before = { message, at, first: !joins, last: true };
    day.messages.push(before);
  }
  return days;
}
