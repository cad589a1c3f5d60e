import { describe, expect, test } from "vitest";
import type { Attachment, Message } from "@/lib/api/types";
import { attachmentKind, attachmentWords, realAttachments } from "./kinds";

describe("an attachment", () => {
  test.each<[Attachment, Message["messageType"], string]>([
    [{ mimeType: "image/heic" }, undefined, "Photo"],
    [{ mimeType: "IMAGE/PNG" }, undefined, "Photo"],
    [{ mimeType: "video/mp4" }, undefined, "Video"],
    [{ mimeType: "application/pdf" }, "MESSAGE_TYPE_IMAGE", "PDF"],
    [{ mimeType: "application/zip" }, "MESSAGE_TYPE_IMAGE", "File"],
    [{ mimeType: "text/vcard" }, undefined, "Contact"],
    [{ uti: "public.jpeg" }, undefined, "Photo"],
    [{ uti: "com.apple.quicktime-movie" }, "MESSAGE_TYPE_TEXT", "Video"],
    [{ uti: "com.apple.ical.ics" }, undefined, "Calendar event"],
    [{ mimeType: "application/octet-stream", uti: "com.adobe.pdf" }, undefined, "PDF"],
    [{ uti: "com.example.unheard-of" }, undefined, "File"],
    [{ uti: "constructor" }, undefined, "File"],
    [{ mimeType: "audio/mpeg" }, "MESSAGE_TYPE_TEXT", "Audio"],
    [{ mimeType: "audio/mpeg" }, "MESSAGE_TYPE_AUDIO", "Voice message"],
    [{ mimeType: "audio/amr", transcription: "Call me" }, undefined, "Voice message"],
    [{ uti: "com.apple.coreaudio-format" }, undefined, "Voice message"],
    [{ uti: "public.png", isSticker: true }, undefined, "Sticker"],
    [{ mimeType: "" }, "MESSAGE_TYPE_AUDIO", "Voice message"],
    [{}, "MESSAGE_TYPE_TEXT", "File"],
    [{}, undefined, "File"],
  ])("%j in a %s is a %s", (attachment, type, words) => {
    expect(attachmentKind(attachment, type).words).toBe(words);
  });
});

describe("several attachments", () => {
  const of = (...attachments: Attachment[]) => attachmentWords({ attachments });

  test("of one kind are counted, of several are attachments", () => {
    expect(of()).toBe("");
    expect(of({ uti: "com.adobe.pdf" }, { uti: "com.adobe.pdf" })).toBe("2 PDFs");
    expect(of({ isSticker: true }, { isSticker: true }, { isSticker: true })).toBe("3 stickers");
    expect(of({ uti: "public.png" }, { uti: "com.adobe.pdf" })).toBe("2 attachments");
  });

  test("do not count the pieces that a balloon is drawn from", () => {
    const attachments = [{ name: "3A0F.pluginPayloadAttachment" }, { uti: "public.png" }];

    expect(attachmentWords({ attachments })).toBe("Photo");
    expect(realAttachments({ attachments })).toHaveLength(1);
  });
});
