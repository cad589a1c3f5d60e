import { screen, waitFor, within } from "@testing-library/react";
import { refusal } from "@tests/fake-server";
import { expectAccessible, HIKE, LENA, MESSAGES, MUM, renderApp, serveWell } from "@tests/render-app";
import { narrowScreen } from "@tests/setup";
import { describe, expect, test } from "vitest";

describe("the list", () => {
  test("puts those that need a reply first, each a link with its name", async () => {
    const server = serveWell();
    server.answer("GET /api/conversations", () => ({ conversations: [MUM, HIKE] }));
    renderApp("/conversations");

    const pane = await screen.findByRole("region", { name: "Conversations" });
    const links = await within(pane).findAllByRole("link");

    expect(links.map((link) => link.querySelector(".name")?.textContent)).toEqual(["Sunday hike", "Mum"]);
    within(pane).getByText("Lena: Could you drive? And is 8 too early for you?");
    screen.getByRole("heading", { name: "One conversation needs a reply", level: 1 });
    await expectAccessible();
  });

  test("loads the next page when asked", async () => {
    const server = serveWell();
    server.answer("GET /api/conversations", ({ url }) =>
      url.searchParams.get("pageToken") === "p2"
        ? { conversations: [MUM] }
        : { conversations: [HIKE], nextPageToken: "p2" },
    );
    const { user } = renderApp("/conversations");

    await user.click(await screen.findByRole("button", { name: "More conversations" }));

    await screen.findByRole("link", { name: /Mum/ });
  });

  test("is the page itself on a phone", async () => {
    serveWell();
    narrowScreen();
    renderApp("/conversations");

    await screen.findByRole("heading", { name: "Conversations", level: 1 });
    expect(screen.getAllByRole("main")).toHaveLength(1);
    await expectAccessible();
  });

  test("says that there is nothing yet, and what to do", async () => {
    const server = serveWell();
    server.answer("GET /api/conversations", () => ({}));
    renderApp("/conversations");

    expect((await screen.findByRole("link", { name: "Pair a Mac" })).getAttribute("href")).toBe("/devices");
  });
});

describe("a conversation", () => {
  test("shows its messages in a log, oldest first, with all that hangs on them", async () => {
    serveWell();
    const { user } = renderApp("/conversations/c1");

    const log = await screen.findByRole("log", { name: "Messages with Sunday hike" });
    await waitFor(() => expect(within(log).getAllByRole("article")).toHaveLength(3));
    expect(
      within(log)
        .getAllByRole("article")
        .map((item) => item.getAttribute("aria-label")),
    ).toEqual(["You, 18:09, edited", "Lena Brandt, 10:39, unsent", "Lena Brandt, 10:41, a reply"]);
    within(log).getByText("unsent a message", { exact: false });
    within(log).getByText("Loved by Lena");
    within(log).getByRole("button", { name: "You: Yes please, lake loop" });
    await user.click(within(log).getByRole("button", { name: "Edited" }));
    within(log).getByText("Yes please");
    await expectAccessible();
  });

  test("shows names and texts as text", async () => {
    const server = serveWell();
    const text = "<script>alert(1)</script> <b>bold</b>";
    server.answer("GET /api/conversations/*/messages", () => ({ messages: [{ ...LENA, text }] }));
    renderApp("/conversations/c1");

    await screen.findByText(text);
  });

  test("loads earlier messages when asked", async () => {
    const server = serveWell();
    server.answer("GET /api/conversations/*/messages", ({ url }) =>
      url.searchParams.get("pageToken")
        ? { messages: MESSAGES.slice(2) }
        : { messages: MESSAGES.slice(0, 2), nextPageToken: "older" },
    );
    const { user } = renderApp("/conversations/c1");

    await user.click(await screen.findByRole("button", { name: "Earlier messages" }));

    await screen.findByText("Yes please, lake loop");
  });

  test("takes up what arrives", async () => {
    const server = serveWell();
    const { client } = renderApp("/conversations/c1");
    await screen.findByText("Yes please, lake loop");
    const news = {
      ...LENA,
      messageId: "m4",
      imessageGuid: "g4",
      text: "Never mind",
      sentAt: "2025-06-13T10:44:00Z",
    };
    server.answer("GET /api/conversations/*/messages", () => ({ messages: [news, ...MESSAGES] }));

    await client.refetchQueries({ queryKey: ["messages", "c1", "head"] });

    await screen.findByText("Never mind");
  });

  test("that is not there is said, with a way back", async () => {
    const server = serveWell();
    server.answer("GET /api/conversations/*", () => refusal(404, 5, "no such conversation"));
    server.answer("GET /api/conversations/*/messages", () => refusal(404, 5, "no such conversation"));
    renderApp("/conversations/gone");

    await screen.findByText("This conversation is not here");
  });
});

describe("search", () => {
  test("finds messages and jumps to one, loading earlier pages until it is there", async () => {
    const server = serveWell();
    server.answer("GET /api/messages:search", () => ({
      hits: [{ message: MESSAGES[2], conversationName: "Sunday hike" }],
    }));
    server.answer("GET /api/conversations/*/messages", ({ url }) =>
      url.searchParams.get("pageToken")
        ? { messages: MESSAGES.slice(2) }
        : { messages: MESSAGES.slice(0, 2), nextPageToken: "older" },
    );
    const { user, router } = renderApp("/conversations");

    await user.type(await screen.findByLabelText("Search all messages"), "lake lo");
    await user.click(await screen.findByRole("link", { name: /Yes please/ }));

    const found = await screen.findByRole("article", { name: /You, 18:09/ });
    expect(found.className).toContain("found");
    expect([...found.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["lake", "loop"]);
    expect(router.state.location.search).toEqual({ q: "lake lo", m: "m1" });
    expect(server.calls.find((call) => call.route.includes("search"))?.url.searchParams.get("query")).toBe(
      "lake lo",
    );
  });

  test("that finds nothing says so, and Escape ends it", async () => {
    const server = serveWell();
    server.answer("GET /api/messages:search", () => ({}));
    const { user } = renderApp("/conversations?q=tikcet");

    await screen.findByText("Nothing with “tikcet”");
    await expectAccessible();
    await user.type(screen.getByLabelText("Search all messages"), "{Escape}");

    await screen.findByRole("heading", { name: "Conversations", level: 2 });
  });
});
