/** Of what a message consists, from top to bottom: files, a balloon, a bubble with words. */
import type { Attachment, Message } from "@/lib/api/types";
import { plain } from "@/lib/words";
import { kindOf, realAttachments } from "./kinds";
import { onlyLink } from "./links";
import { bodyWords, UNREADABLE } from "./message-words";

export interface Balloon {
  icon: "app" | "link";
  title: string;
  /** The address, where the text is nothing else. */
  link?: { address: string; href: string } | undefined;
}

export interface Body {
  attachments: Attachment[];
  balloon: Balloon | undefined;
  subject: string;
  text: string;
  /** Stands for words that there are none of. */
  placeholder: string;
}

export function bodyOf(message: Message): Body {
  const attachments = realAttachments(message);
  const balloon = balloonOf(message);
  const subject = message.subject?.trim() ?? "";
  // The offsets of mentions count from the text's own beginning: it is kept as it is.
  const text = balloon?.link || !message.text?.trim() ? "" : message.text;
  const placeholder = placeholderOf(
    message,
    Boolean(subject || text),
    Boolean(balloon || attachments.length),
  );
  return { attachments, balloon, subject, text, placeholder };
}

/** Links are opened from here unless Messages holds the message for spam. */
export function opensLinks(message: Message): boolean {
  return !message.isSpam;
}

function balloonOf(message: Message): Balloon | undefined {
  const label = plain(message.app?.label?.trim() ?? "");
  if (message.messageType === "MESSAGE_TYPE_LINK") {
    const link = opensLinks(message) ? onlyLink(message.text ?? "") : undefined;
    // "Link" is what an address without a title is called: the address says more.
    const titled = label && label !== kindOf(message.messageType).words;
    return titled ? { icon: "link", title: label, link } : undefined;
  }
  if (!message.app && message.messageType !== "MESSAGE_TYPE_APP") return undefined;
  return { icon: "app", title: label || kindOf("MESSAGE_TYPE_APP").words };
}

function placeholderOf(message: Message, hasWords: boolean, hasMore: boolean): string {
  if (hasWords) return "";
  if (message.textUndecodable) return UNREADABLE;
  return hasMore ? "" : bodyWords(message);
}
