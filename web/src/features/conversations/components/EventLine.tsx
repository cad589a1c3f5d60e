/** Something that happened to the conversation: one quiet line. */
import type { Message } from "@/lib/api/types";
import { eventSentence } from "../event-words";

export function EventLine({ message }: { message: Message }) {
  return (
    <p className="event" id={`m-${message.messageId}`}>
      {eventSentence(message).map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of one sentence have no other identity.
        typeof part === "string" ? part : <bdi key={index}>{part.theirs}</bdi>,
      )}
    </p>
  );
}
