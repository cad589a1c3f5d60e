/** Who is meant, in words. */
import type { Message, Participant } from "@/lib/api/types";
import { plain } from "@/lib/words";

export function isOutgoing(message: Message): boolean {
  return message.direction === "DIRECTION_OUTGOING";
}

export function senderName(message: Message): string {
  return isOutgoing(message) ? "You" : plain(message.senderName || message.senderId || "") || "Somebody";
}

/** "Lena" of "Lena Brandt", but the whole of a number or an address. */
export function firstName(name: string): string {
  return /^\p{L}/u.test(name) && !name.includes("@") ? (name.split(/\s+/)[0] ?? name) : name;
}

export function participantName(person: Participant): string {
  return plain(person.displayName || person.handle || "");
}
