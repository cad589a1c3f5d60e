import { screen, waitFor, within } from "@testing-library/react";
import { expectAccessible, HIKE, LENA, renderApp, serveWell } from "@tests/render-app";
import { describe, expect, test } from "vitest";
import type { Message } from "@/lib/api/types";

const YOURS: Message = {
  ...LENA,
  direction: "DIRECTION_OUTGOING",
  senderId: "",
  senderName: "",
  text: "I bring the stove",
};

/** The conversation with these messages, oldest first, a minute between them. */
async function show(...oldestFirst: Message[]) {
  const server = serveWell();
  const messages = oldestFirst.map((message, index) => ({
    sentAt: `2025-06-13T10:4${index}:00Z`,
    ...message,
    messageId: `t${index}`,
    imessageGuid: `tg${index}`,
  }));
  server.answer("GET /api/conversations/*/messages", () => ({ messages: messages.toReversed() }));
  const app = renderApp("/conversations/c1");
  const log = await screen.findByRole("log", { name: "Messages with Sunday hike" });
  await waitFor(() => expect(log.querySelector(".day")).not.toBeNull());
  return { ...app, server, log };
}

const undated = ({ sentAt: _, ...message }: Message): Message => message;
const hers = (more: Message): Message => undated({ ...LENA, ...more });
const yours = (more: Message): Message => undated({ ...YOURS, ...more });

describe("what happened to the group", () => {
  test("is one line in words, with names as text", async () => {
    const happened = (groupEvent: Message["groupEvent"]) =>
      hers({ text: "", messageType: "MESSAGE_TYPE_GROUP_EVENT", groupEvent });
    const { log } = await show(
      happened({ kind: "GROUP_EVENT_KIND_ADDED", name: "Ben Osei", handle: "ben" }),
      happened({ kind: "GROUP_EVENT_KIND_RENAMED", title: "<img src=x onerror=alert(1)>" }),
      happened({}),
    );

    expect([...log.querySelectorAll(".event")].map((line) => line.textContent)).toEqual([
      "Lena added Ben",
      "Lena named the conversation “<img src=x onerror=alert(1)>”",
      "The group changed",
    ]);
    expect(log.querySelector("img")).toBeNull();
    expect([...log.querySelectorAll(".event bdi")].map((name) => name.textContent)).toContain("Ben");
    await expectAccessible();
  });
});

describe("words", () => {
  test("begin with the subject", async () => {
    const { log } = await show(
      hers({ subject: "Keys", text: "Number 12" }),
      hers({ subject: "Only this", text: "" }),
    );

    const [both, alone] = within(log).getAllByRole("article");
    expect(both!.querySelector(".bubble")?.firstElementChild?.textContent).toBe("Keys");
    expect(both!.querySelector(".bubble")?.textContent).toContain("Number 12");
    expect(alone!.querySelector(".bubble")?.textContent).toBe("Only this");
  });

  test("have mentions set apart, found words marked, and ignore what lies outside", async () => {
    const server = serveWell();
    const message: Message = {
      ...LENA,
      text: "see @Tom there",
      mentions: [
        { handle: "tom", start: 4, length: 4 },
        { handle: "tom", start: 10, length: 99 },
      ],
    };
    server.answer("GET /api/messages:search", () => ({}));
    server.answer("GET /api/conversations/*/messages", () => ({ messages: [message] }));
    renderApp("/conversations/c1?q=tom");

    const log = await screen.findByRole("log", { name: "Messages with Sunday hike" });
    await within(log).findByText("Tom", { exact: false, selector: "mark .mention" });

    expect([...log.querySelectorAll(".mention")].map((one) => one.textContent).join("")).toBe("@Tom");
    expect([...log.querySelectorAll("mark")].map((one) => one.textContent)).toEqual(["Tom"]);
  });

  test("that could not be read have a place of their own", async () => {
    const { log } = await show(hers({ text: "", textUndecodable: true }));

    within(log).getByText("The text of this message could not be read");
    await expectAccessible();
  });

  test("that turn the reading around, markup and a wall of emoji stay text", async () => {
    const texts = ["\u202egpj.exe", "<script>alert(1)</script>", "😀".repeat(500)];
    const { log } = await show(...texts.map((text) => hers({ text, senderName: "<b>Eve\u202e</b>" })));

    expect([...log.querySelectorAll(".bubble")].map((bubble) => bubble.textContent)).toEqual(texts);
    expect(log.querySelector(".who")?.textContent).toBe("<b>Eve</b>");
    expect(
      [...log.querySelectorAll(".bubble")].every((bubble) => bubble.getAttribute("dir") === "auto"),
    ).toBe(true);
  });
});

describe("a link", () => {
  const text = "https://hut.example/rooms";

  test("opens in a new tab that knows nothing of this one", async () => {
    const { log } = await show(hers({ text: `Look at ${text}.` }));

    const link = within(log).getByRole("link", { name: `${text}, opens in a new tab` });
    expect(link.getAttribute("href")).toBe(text);
    expect(link.getAttribute("target")).toBe("_blank");
    expect(link.getAttribute("rel")).toBe("noopener noreferrer");
    expect(link.getAttribute("dir")).toBe("ltr");
    expect(link.textContent).toBe(text);
    await expectAccessible();
  });

  test("with a label is a card that shows both", async () => {
    const { log } = await show(
      hers({ text, messageType: "MESSAGE_TYPE_LINK", app: { label: "Rooms and prices" } }),
    );

    within(log).getByText("Rooms and prices");
    expect(within(log).getAllByRole("link")).toHaveLength(1);
    expect(log.querySelector(".bubble")).toBeNull();
    await expectAccessible();
  });

  test("that is called no more than a link needs no card", async () => {
    const { log } = await show(hers({ text, messageType: "MESSAGE_TYPE_LINK", app: { label: "Link" } }));

    within(log).getByRole("link", { name: `${text}, opens in a new tab` });
    expect(log.querySelector(".file")).toBeNull();
  });

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https:",
    "data:text/html,<script>alert(1)</script>",
    "https://bank.example@evil.example",
  ])("is none when it is %s", async (address) => {
    const { log } = await show(
      hers({ text: address, messageType: "MESSAGE_TYPE_LINK", app: { label: address } }),
    );

    expect(within(log).queryByRole("link")).toBeNull();
    within(log).getByText(address, { selector: ".bubble" });
  });

  test("is none in what Messages holds for spam", async () => {
    const { log } = await show(
      hers({ text, isSpam: true }),
      hers({ text, isSpam: true, messageType: "MESSAGE_TYPE_LINK", app: { label: "You have won" } }),
    );

    expect(within(log).queryByRole("link")).toBeNull();
    expect(within(log).getAllByText("Spam: kept out of drafts")).toHaveLength(2);
  });
});

test("an app's balloon says what it is", async () => {
  const { log } = await show(
    hers({ text: "", messageType: "MESSAGE_TYPE_APP", app: { label: "Poll: Friday?" } }),
    hers({ text: "", messageType: "MESSAGE_TYPE_APP" }),
  );

  within(log).getByText("Poll: Friday?");
  within(log).getByText("App message");
  expect(within(log).getAllByText("Opens in Messages on your Mac")).toHaveLength(2);
});

describe("attachments", () => {
  test("say what they are and where", async () => {
    const { log } = await show(
      hers({
        text: "",
        attachments: [
          { guid: "a", name: "hut.heic", uti: "public.heic", sizeBytes: "2400000" },
          { guid: "b", name: "list\u202efdp.exe", mimeType: "application/pdf", isOffloaded: true },
          { guid: "c", isSticker: true },
          { guid: "d", name: "0.pluginPayloadAttachment" },
        ],
      }),
    );

    expect([...log.querySelectorAll(".file")].map((card) => card.textContent)).toEqual([
      "Photo, hut.heic2.4 MB, stays on your Mac",
      "PDF, listfdp.exeIn iCloud, not on your Mac",
      "StickerStays on your Mac",
    ]);
    await expectAccessible();
  });

  test("that a card is drawn from are announced no more than they are shown", async () => {
    const { log } = await show(
      hers({ text: "look", attachments: [{ guid: "d", name: "0.pluginPayloadAttachment" }] }),
      hers({ text: "here", attachments: [{ guid: "e", name: "hut.heic" }] }),
    );

    const labels = within(log)
      .getAllByRole("article")
      .map((row) => row.getAttribute("aria-label"));
    expect(labels.map((label) => label?.includes("attachment"))).toEqual([false, true]);
  });

  test("that are voice messages say what is said in them", async () => {
    const { log } = await show(
      hers({
        text: "",
        messageType: "MESSAGE_TYPE_AUDIO",
        attachments: [{ guid: "v", uti: "com.apple.coreaudio-format", transcription: "Call <me> back" }],
      }),
    );

    within(log).getByText("Voice message");
    expect(log.querySelector("blockquote")?.textContent).toBe("Transcription: Call <me> back");
    await expectAccessible();
  });
});

test("reactions say who reacted; more kinds than fit are counted", async () => {
  const kinds = ["love", "🎉", "sticker", "2009", "question"];
  const { log } = await show(
    yours({ reactions: [{ kind: "love" }, ...kinds.map((kind) => ({ kind, senderId: "lena", part: 3 }))] }),
  );

  within(log).getByText(
    "Loved by you and Lena, Reaction 🎉 by Lena, Sticker by Lena, Reaction by Lena, Questioned by Lena",
  );
  within(log).getByText("+1");
  await expectAccessible();
});

describe("what changed in a message", () => {
  test("earlier versions are told apart by their parts", async () => {
    const edits = [
      { text: "Saturday", editedAt: "2025-06-13T10:41:00Z" },
      { text: "", editedAt: "2025-06-13T10:42:00Z", part: 1 },
    ];
    const { user, log } = await show(hers({ editedAt: "2025-06-13T10:42:00Z", edits }));

    await user.click(within(log).getByRole("button", { name: "Edited" }));

    const versions = within(within(log).getByRole("list", { name: "Earlier versions" })).getAllByRole(
      "listitem",
    );
    expect(versions.map((item) => item.textContent)).toEqual(["Part 1Saturday", "Part 2No text"]);
    await expectAccessible();
  });

  test("a part that was unsent is told, a whole one stands for itself", async () => {
    const { log } = await show(
      hers({ text: "Friday", unsentParts: [1] }),
      hers({ text: "", unsentParts: [0], unsentAt: "2025-06-13T10:45:00Z" }),
    );

    expect(within(log).getAllByText("Part of this message was unsent")).toHaveLength(1);
    within(log).getByText("unsent a message", { exact: false });
  });
});

describe("what became of the owner's messages", () => {
  test("stands under the last of a run", async () => {
    const { log } = await show(
      yours({ isRead: true, readAt: "2025-06-13T14:02:00Z" }),
      yours({ isDelivered: true }),
      hers({ text: "Good" }),
      yours({ isRead: true, readAt: "2025-06-13T14:02:00Z" }),
    );

    expect([...log.querySelectorAll(".delivery")].map((words) => words.textContent)).toEqual([
      "Delivered",
      "Read 14:02",
    ]);
  });

  test("is told anywhere when it failed, with an icon and in the message's name", async () => {
    const { log } = await show(yours({ errorCode: "22" }), yours({ isDelivered: true }));

    const failed = within(log).getByText("Not delivered");
    expect(failed.querySelector("svg")).not.toBeNull();
    within(log).getByRole("article", { name: "You, 10:40, not delivered" });
    await expectAccessible();
  });

  test("is still to come when it is scheduled, and the draft answers what was sent", async () => {
    const { log } = await show(hers({ text: "See you at six" }), {
      ...YOURS,
      isScheduled: true,
      sentAt: "2031-06-14T09:00:00Z",
    });

    within(log).getByText("Scheduled for 14 June 2031, 09:00");
    within(log).getByRole("article", { name: "You, 09:00, scheduled" });
    await screen.findByText("to Lena, 10:40");
  });
});

test("a one-time code is marked and answered by no draft", async () => {
  const { log } = await show(hers({ text: "481 920 is your code", hasOneTimeCode: true }));

  within(log).getByText("One-time code: kept out of drafts");
  const draft = screen.getByRole("button", { name: "Draft a reply" });
  expect(draft.getAttribute("aria-disabled")).toBe("true");
  expect(draft.getAttribute("aria-describedby")).toBe(screen.getByText("There is nothing to answer yet").id);
});

test("in notes to oneself no draft is made, and why is said", async () => {
  const server = serveWell();
  server.answer("GET /api/conversations", () => ({ conversations: [{ ...HIKE, isSelf: true }] }));
  renderApp("/conversations/c1");

  await screen.findByText("No drafts here: these are your own notes");
  expect(screen.getByRole("button", { name: "Draft a reply" }).getAttribute("aria-disabled")).toBe("true");
});
