/** What is out of the ordinary with a message, in a few quiet words each. */
import type { IconName } from "@/components/ui/Icon";
import type { Message } from "@/lib/api/types";

export interface Note {
  words: string;
  icon: IconName;
}

export function notesOf(message: Message): Note[] {
  const notes: Note[] = [];
  if (message.hasOneTimeCode) notes.push({ words: "One-time code: kept out of drafts", icon: "lock" });
  if (message.isSpam) notes.push({ words: "Spam: kept out of drafts", icon: "info" });
  if (message.unsentParts?.length) notes.push({ words: "Part of this message was unsent", icon: "undo" });
  return notes;
}
