/** A message in a few words: for the list, for quotes, for what carries no text. */
import type { IconName } from "@/components/ui/Icon";
import type { Message } from "@/lib/api/types";

interface Kind {
  words: string;
  icon: IconName;
}

const KINDS: Record<string, Kind> = {
  MESSAGE_TYPE_IMAGE: { words: "Photo", icon: "photo" },
  MESSAGE_TYPE_VIDEO: { words: "Video", icon: "video" },
  MESSAGE_TYPE_AUDIO: { words: "Voice message", icon: "sound" },
  MESSAGE_TYPE_FILE: { words: "File", icon: "file" },
  MESSAGE_TYPE_STICKER: { words: "Sticker", icon: "photo" },
  MESSAGE_TYPE_LINK: { words: "Link", icon: "link" },
  MESSAGE_TYPE_LOCATION: { words: "Location", icon: "pin" },
  MESSAGE_TYPE_APP: { words: "App message", icon: "app" },
  MESSAGE_TYPE_GROUP_EVENT: { words: "The group changed", icon: "info" },
  MESSAGE_TYPE_OTHER: { words: "Message of another kind", icon: "file" },
};

export function kindOf(messageType: string | undefined): Kind {
  return KINDS[messageType ?? ""] ?? { words: "Message without text", icon: "file" };
}

/** The kind of an attachment: by its own MIME type, else by its message. */
export function attachmentKind(mimeType: string | undefined, messageType: string | undefined): Kind {
  const family = (mimeType ?? "").split("/")[0];
  if (family === "image") return KINDS.MESSAGE_TYPE_IMAGE!;
  if (family === "video") return KINDS.MESSAGE_TYPE_VIDEO!;
  if (family === "audio") return KINDS.MESSAGE_TYPE_AUDIO!;
  return mimeType ? KINDS.MESSAGE_TYPE_FILE! : kindOf(messageType ?? "MESSAGE_TYPE_FILE");
}

export function isOutgoing(message: Message): boolean {
  return message.direction === "DIRECTION_OUTGOING";
}

export function senderName(message: Message): string {
  return isOutgoing(message) ? "You" : message.senderName || message.senderId || "Somebody";
}

/** "Lena" of "Lena Brandt", but the whole of a number or an address. */
export function firstName(name: string): string {
  return /^\p{L}/u.test(name) && !name.includes("@") ? (name.split(/\s+/)[0] ?? name) : name;
}

export function bodyWords(message: Message): string {
  if (message.unsentAt) return "unsent a message";
  return message.text?.trim() || kindOf(message.messageType).words;
}

/** "You: Sent you the map", "Lena: Long lunch yes"; in a conversation of two, the other's name is already there. */
export function preview(message: Message | undefined, isGroup: boolean): string {
  if (!message) return "No messages";
  const body = bodyWords(message);
  const named = isOutgoing(message) || isGroup || message.unsentAt;
  if (!named || message.messageType === "MESSAGE_TYPE_GROUP_EVENT") return body;
  const who = firstName(senderName(message));
  return message.unsentAt ? `${who} ${body}` : `${who}: ${body}`;
}
