/** What a message or an attachment is, in a word, with its icon. */
import type { IconName } from "@/components/ui/Icon";
import type { Attachment, Message } from "@/lib/api/types";

export interface Kind {
  words: string;
  /** After a number: "2 photos". */
  many: string;
  icon: IconName;
}

const kind = (words: string, many: string, icon: IconName): Kind => ({ words, many, icon });

const PHOTO = kind("Photo", "photos", "photo");
const VIDEO = kind("Video", "videos", "video");
const VOICE = kind("Voice message", "voice messages", "sound");
const AUDIO = kind("Audio", "audio files", "sound");
const STICKER = kind("Sticker", "stickers", "sticker");
const LOCATION = kind("Location", "locations", "pin");
const FILE = kind("File", "files", "file");
const PDF = kind("PDF", "PDFs", "file");
const CONTACT = kind("Contact", "contacts", "person");
const EVENT = kind("Calendar event", "calendar events", "calendar");
const UNKNOWN = kind("Message without text", "messages without text", "file");

const OF_MESSAGES = new Map<string, Kind>([
  ["MESSAGE_TYPE_IMAGE", PHOTO],
  ["MESSAGE_TYPE_VIDEO", VIDEO],
  ["MESSAGE_TYPE_AUDIO", VOICE],
  ["MESSAGE_TYPE_FILE", FILE],
  ["MESSAGE_TYPE_STICKER", STICKER],
  ["MESSAGE_TYPE_LOCATION", LOCATION],
  ["MESSAGE_TYPE_LINK", kind("Link", "links", "link")],
  ["MESSAGE_TYPE_APP", kind("App message", "app messages", "app")],
  ["MESSAGE_TYPE_GROUP_EVENT", kind("The group changed", "changes", "info")],
  ["MESSAGE_TYPE_OTHER", kind("Message of another kind", "messages of another kind", "file")],
]);

/** By MIME type, by the family of MIME types, and by Apple's type identifier. */
const OF_FILES = new Map<string, Kind>([
  ["image", PHOTO],
  ["video", VIDEO],
  ["audio", AUDIO],
  ["application/pdf", PDF],
  ["text/vcard", CONTACT],
  ["text/x-vcard", CONTACT],
  ["text/directory", CONTACT],
  ["text/calendar", EVENT],
  ["text/x-vlocation", LOCATION],
  ["public.image", PHOTO],
  ["public.jpeg", PHOTO],
  ["public.png", PHOTO],
  ["public.heic", PHOTO],
  ["public.heif", PHOTO],
  ["public.tiff", PHOTO],
  ["public.webp", PHOTO],
  ["org.webmproject.webp", PHOTO],
  ["com.compuserve.gif", PHOTO],
  ["public.movie", VIDEO],
  ["public.mpeg-4", VIDEO],
  ["public.3gpp", VIDEO],
  ["com.apple.quicktime-movie", VIDEO],
  ["com.apple.m4v-video", VIDEO],
  ["public.mp3", AUDIO],
  ["public.mpeg-4-audio", AUDIO],
  ["com.apple.m4a-audio", AUDIO],
  ["com.microsoft.waveform-audio", AUDIO],
  ["org.3gpp.adaptive-multi-rate-audio", VOICE],
  ["com.apple.coreaudio-format", VOICE],
  ["com.adobe.pdf", PDF],
  ["public.vcard", CONTACT],
  ["com.apple.ical.ics", EVENT],
  ["public.vlocation", LOCATION],
]);

export function kindOf(messageType: string | undefined): Kind {
  return OF_MESSAGES.get(messageType ?? "") ?? UNKNOWN;
}

/** The kind of an attachment: by what it says of itself, else by its message. */
export function attachmentKind(attachment: Attachment, messageType: string | undefined): Kind {
  if (attachment.isSticker) return STICKER;
  const mime = (attachment.mimeType ?? "").toLowerCase();
  const uti = (attachment.uti ?? "").toLowerCase();
  const own = OF_FILES.get(mime) ?? OF_FILES.get(mime.split("/")[0] ?? "") ?? OF_FILES.get(uti);
  if (own === AUDIO && (messageType === "MESSAGE_TYPE_AUDIO" || attachment.transcription)) return VOICE;
  if (own) return own;
  // In a text or an app's message, the message's type says nothing of the file.
  const borrowed = kindOf(messageType);
  const telling = [PHOTO, VIDEO, VOICE, STICKER, LOCATION].includes(borrowed);
  return telling && !mime && !uti ? borrowed : FILE;
}

/** Attachments that mean something to a person: not the pieces that balloons of links and apps are drawn from. */
export function realAttachments(message: Message): Attachment[] {
  return (message.attachments ?? []).filter(({ name }) => !name?.endsWith(".pluginPayloadAttachment"));
}

/** "Photo", "2 photos", "3 attachments"; empty when there is none. */
export function attachmentWords(message: Message): string {
  const kinds = realAttachments(message).map((attachment) => attachmentKind(attachment, message.messageType));
  const [first] = kinds;
  if (!first) return "";
  if (kinds.length === 1) return first.words;
  return `${kinds.length} ${kinds.every((other) => other === first) ? first.many : "attachments"}`;
}
