import { screen, waitFor, within } from "@testing-library/react";
import { expectAccessible, HIKE, MUM, renderApp, serveWell } from "@tests/render-app";
import { describe, expect, test } from "vitest";
import type { Conversation } from "@/lib/api/types";

const SEVERAL: Conversation = {
  ...MUM,
  messageCount: "1291",
  chats: [
    { chatId: "c2", imessageId: "iMessage;-;+447700900114", service: "iMessage", messageCount: "1204" },
    { chatId: "c7", imessageId: "SMS;-;+447700900114", service: "SMS", messageCount: "86" },
    { chatId: "c8", imessageId: "iMessage;-;mum@example.org", service: "iMessage", messageCount: "1" },
  ],
};

function open(conversation: Conversation, address = `/conversations/${conversation.conversationId}`) {
  const server = serveWell();
  server.answer("GET /api/conversations", () => ({ conversations: [conversation] }));
  server.answer("GET /api/conversations/*", () => ({ conversation }));
  return renderApp(address);
}

const details = () => screen.findByRole("region", { name: "Details of this conversation" });
const button = () => screen.findByRole("button", { name: "Details" });

describe("the details", () => {
  test("say by which addresses and services a conversation is had", async () => {
    const { user } = open(SEVERAL);
    await screen.findByText("iMessage and SMS", { exact: false });

    await user.click(await button());

    const panel = await details();
    expect(
      within(panel)
        .getAllByRole("listitem")
        .map((item) => item.textContent),
    ).toEqual([
      "+447700900114iMessage, 1,204 messages",
      "+447700900114SMS, 86 messages",
      "mum@example.orgiMessage, 1 message",
    ]);
    within(panel).getByText("3 chats in Messages, shown as one");
    within(panel).getByText("1,291 messages");
    await expectAccessible();
  });

  test("name the people of a group, with their handles, as text", async () => {
    const participants = [
      { handle: "lena", displayName: "<b>Lena</b>" },
      { handle: "+447700900042", displayName: "" },
    ];
    const { user } = open({ ...HIKE, participants });

    await user.click(await button());

    expect(
      within(await details())
        .getAllByRole("listitem")
        .map((item) => item.textContent),
    ).toEqual(["<b>Lena</b>lena", "+447700900042"]);
  });

  test("say what an unusual conversation is", async () => {
    const { user } = open({ ...MUM, isFiltered: true });

    await user.click(await button());

    within(await details()).getByText(/A draft is made only when you ask for one/);
  });

  test("open and close with I, and with Escape give the keyboard back", async () => {
    const { user } = open(SEVERAL);
    const opener = await button();

    await user.keyboard("i");
    expect(opener.getAttribute("aria-expanded")).toBe("true");
    await user.keyboard("i");
    expect(opener.getAttribute("aria-expanded")).toBe("false");

    await user.keyboard("i");
    within(await details())
      .getByRole("button", { name: "Close the details" })
      .focus();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("region", { name: /Details/ })).toBeNull());
    expect(document.activeElement).toBe(opener);
  });

  test("close when something else is touched", async () => {
    const { user } = open(SEVERAL);
    await user.click(await button());
    await details();

    await user.click(screen.getByRole("log"));

    expect(screen.queryByRole("region", { name: /Details/ })).toBeNull();
  });
});

test("the id of another of its chats shows the same conversation", async () => {
  open(SEVERAL, "/conversations/c7");

  await screen.findByRole("heading", { name: "Mum", level: 1 });
  const row = await screen.findByRole("link", { name: /Mum/ });
  expect(row.getAttribute("aria-current")).toBe("true");
});

describe("the list", () => {
  test.each<[Partial<Conversation>, string]>([
    [{ isFiltered: true }, "Unknown sender"],
    [{ isShortCode: true }, "Automatic"],
    [{ isOrphaned: true }, "Without a conversation"],
    [{ isSelf: true }, "Note to self"],
  ])("tells %j in a word before the newest message", async (part, word) => {
    open({ ...MUM, ...part }, "/conversations");

    const row = await screen.findByRole("link", { name: /Mum/ });
    expect(row.querySelector(".pre")?.textContent).toBe(`${word} You: Will call you`);
    await expectAccessible();
  });

  test("says nothing of a conversation like any other", async () => {
    open(MUM, "/conversations");

    const row = await screen.findByRole("link", { name: /Mum/ });
    expect(row.querySelector(".pre")?.textContent).toBe("You: Will call you");
  });
});
