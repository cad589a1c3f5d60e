/** What happened to a conversation, in one sentence with names. */
import type { GroupEventKind, Message } from "@/lib/api/types";
import { plain } from "@/lib/words";
import { kindOf } from "./kinds";
import { firstName, senderName } from "./names";

/** Somebody's own words inside a sentence of ours: a name, a title. */
export interface Theirs {
  theirs: string;
}

export type Sentence = readonly (string | Theirs)[];

const WITHOUT_OBJECT: Partial<Record<GroupEventKind, string>> = {
  GROUP_EVENT_KIND_LEFT: "left",
  GROUP_EVENT_KIND_PHOTO_CHANGED: "changed the group photo",
  GROUP_EVENT_KIND_PHOTO_REMOVED: "removed the group photo",
  GROUP_EVENT_KIND_BACKGROUND_CHANGED: "changed the background",
  GROUP_EVENT_KIND_BACKGROUND_REMOVED: "removed the background",
  GROUP_EVENT_KIND_LOCATION_STARTED: "started sharing a location",
  GROUP_EVENT_KIND_LOCATION_STOPPED: "stopped sharing a location",
  GROUP_EVENT_KIND_AUDIO_KEPT: "kept a voice message",
  GROUP_EVENT_KIND_CALL: "started FaceTime or SharePlay",
};

export function isEvent(message: Message): boolean {
  return message.messageType === "MESSAGE_TYPE_GROUP_EVENT";
}

/** "Ana added Ben". What is not known, or lacks what its sentence is about, is still one sentence. */
export function eventSentence(message: Message): Sentence {
  const event = message.groupEvent ?? {};
  const who = senderName(message);
  const actor = { theirs: firstName(who) };
  // Who is added by themselves has joined, who is removed by themselves has left.
  const oneself = Boolean(event.handle) && event.handle === message.senderId;
  switch (event.kind) {
    case "GROUP_EVENT_KIND_ADDED":
      return oneself ? [actor, " joined"] : [actor, " added ", object(message)];
    case "GROUP_EVENT_KIND_REMOVED":
      return oneself ? [actor, " left"] : [actor, " removed ", object(message)];
    case "GROUP_EVENT_KIND_NUMBER_CHANGED":
      return [actor, who === "You" ? " have a new number" : " has a new number"];
    case "GROUP_EVENT_KIND_RENAMED":
      return event.title?.trim()
        ? [actor, " named the conversation “", { theirs: plain(event.title.trim()) }, "”"]
        : [actor, " removed the conversation’s name"];
    default: {
      const words = WITHOUT_OBJECT[event.kind ?? "GROUP_EVENT_KIND_UNSPECIFIED"];
      return words ? [actor, ` ${words}`] : [message.text?.trim() || kindOf(message.messageType).words];
    }
  }
}

export function eventWords(message: Message): string {
  return eventSentence(message)
    .map((part) => (typeof part === "string" ? part : part.theirs))
    .join("");
}

function object(message: Message): string | Theirs {
  const { handle, name } = message.groupEvent ?? {};
  // One of the owner's own addresses.
  if (handle && handle === message.destination) return "you";
  const known = plain(name || handle || "");
  return known ? { theirs: firstName(known) } : "somebody";
}
