import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { refusal, Stream } from "@tests/fake-server";
import { expectAccessible, LENA, MESSAGES, renderApp, serveWell } from "@tests/render-app";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { GeneratedResponse, StreamEvent } from "@/lib/api/types";
import { chooseSuggestions } from "@/lib/preferences";

const copied = vi.fn<(text: string) => Promise<void>>();

beforeEach(() => {
  copied.mockReset().mockResolvedValue(undefined);
});

/** Open the conversation and ask for a draft, whose stream the test writes. */
async function ask(press: "click" | "key" = "click") {
  const server = serveWell();
  let stream = new Stream();
  server.answer("POST /api/responses/stream", () => {
    stream = new Stream();
    return stream;
  });
  const app = renderApp("/conversations/c1");
  // user-event brings a clipboard of its own.
  Object.defineProperty(navigator, "clipboard", { value: { writeText: copied }, configurable: true });
  const button = await screen.findByRole("button", { name: "Draft a reply" });
  await waitFor(() => expect(button.getAttribute("aria-disabled")).toBeNull());
  if (press === "click") await app.user.click(button);
  else await app.user.keyboard("d");
  const send = (...events: StreamEvent[]) => act(async () => stream.send(...events));
  await screen.findByText("Queued", { selector: ".state" });
  return { ...app, server, send, stream: () => stream };
}

const DONE: StreamEvent = {
  done: {
    responseId: "r1",
    response: "Happy to drive! 8 is fine.",
    confidence: 0.62,
    modelVersion: "smol",
    last: true,
  },
};

async function finished() {
  const app = await ask();
  await app.send({ started: { responseId: "r1", messageId: "m3" } }, { token: { text: "Happy" } }, DONE);
  await screen.findByRole("button", { name: "Accept and copy" });
  return app;
}

const word = () => screen.getByRole("region", { name: /^Draft/ }).querySelector("[role=status]")?.textContent;
const text = () => screen.getByTestId("draft-text").textContent;

describe("a draft that is made", () => {
  test("says where it stands and shows each piece as it comes", async () => {
    const { send, server } = await ask();
    expect(server.sent("POST /api/responses/stream")).toEqual([{ messageId: "m3", suggestions: 1 }]);

    await send(
      { started: { responseId: "r1" } },
      { state: { state: "STATE_QUEUED", queuePosition: 2, etaSeconds: 6 } },
    );
    await screen.findByText("2 ahead, about 6 s");
    await send({ state: { state: "STATE_READING" } });
    await waitFor(() => expect(word()).toBe("Reading"));
    await send({ state: { state: "STATE_WRITING" } }, { token: { text: "Happy" } });
    await waitFor(() => expect(text()).toBe("Happy"));
    await send({ token: { text: " to" } }, { token: { text: " drive!" } });
    await waitFor(() => expect(text()).toBe("Happy to drive!"));
    expect(screen.getByRole("button", { name: "Accept" }).getAttribute("aria-disabled")).toBe("true");
    expect(screen.getByTestId("draft-text").getAttribute("aria-busy")).toBe("true");
    await expectAccessible();

    await send(DONE);

    await waitFor(() => expect(word()).toBe("Draft"));
    expect(text()).toBe("Happy to drive! 8 is fine.");
    expect(screen.getByTestId("draft-text").getAttribute("aria-busy")).toBe("false");
    screen.getByRole("button", { name: "Fairly sure. Show the number" });
    await expectAccessible();
  });

  test("is stopped by Escape, which hangs up and leaves the keyboard where it was", async () => {
    const { send, stream, user } = await ask();
    await send({ token: { text: "Happy to" } });
    await waitFor(() => expect(text()).toBe("Happy to"));
    const panel = screen.getByRole("region", { name: "Draft" });
    expect(document.activeElement).toBe(panel);

    await user.keyboard("{Escape}");

    await waitFor(() => expect(word()).toBe("Stopped"));
    screen.getByText("after 2 words");
    expect(stream().aborted).toBe(true);
    expect(document.activeElement).toBe(panel);
    expect(text()).toBe("Happy to");
  });

  test("hangs up when the conversation is left", async () => {
    const { send, stream, user } = await ask();
    await send({ token: { text: "Happy" } });

    await user.click(screen.getByRole("link", { name: /Mum/ }));

    await waitFor(() => expect(stream().aborted).toBe(true));
  });

  test("starts over when another kind is asked for while it writes", async () => {
    const { send, server, stream, user } = await ask();
    await send({ state: { state: "STATE_WRITING" } }, { token: { text: "Happy" } });
    await waitFor(() => expect(text()).toBe("Happy"));
    const first = stream();

    await user.click(screen.getByRole("button", { name: "Shorter" }));

    await waitFor(() => expect(server.sent("POST /api/responses/stream")).toHaveLength(2));
    expect(first.aborted).toBe(true);
    expect(server.sent("POST /api/responses/stream")[1]).toMatchObject({
      messageId: "m3",
      instruction: "shorter",
    });
  });
});

describe("a draft that fails", () => {
  test("with an end that is none says so, keeps the words and can be tried again", async () => {
    const { send, server, stream, user } = await ask();
    await send({ token: { text: "Happy to drive" } });
    await act(async () => stream().end());

    await screen.findByText("The connection broke, after 3 words. What arrived is kept.");
    expect(word()).toBe("Cut short");
    expect(text()).toBe("Happy to drive");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Try again" }));

    await waitFor(() => expect(server.sent("POST /api/responses/stream")).toHaveLength(2));
  });

  test("before its first event says why", async () => {
    const server = serveWell();
    server.answer("POST /api/responses/stream", () =>
      refusal(429, 8, "full", [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "6s" }]),
    );
    const { user } = renderApp("/conversations/c1");

    await user.click(await screen.findByRole("button", { name: "Draft a reply" }));

    expect((await screen.findByRole("alert")).textContent).toBe("The queue is full. Try again in 6 s.");
  });

  test("because the model is loading waits and starts by itself", async () => {
    const server = serveWell();
    const stream = new Stream();
    server.answer("GET /api/models/status", () => ({
      displayName: "SmolLM2",
      state: "MODEL_STATE_LOADING",
      loadProgress: 0.4,
    }));
    server.answer("POST /api/responses/stream", () => refusal(503, 14, "not loaded"));
    const { client, user } = renderApp("/conversations/c1");
    await user.click(await screen.findByRole("button", { name: "Draft a reply" }));
    await screen.findByText("SmolLM2 is loading. Your draft starts by itself.");

    server.answer("POST /api/responses/stream", () => stream);
    server.answer("GET /api/models/status", () => ({ displayName: "SmolLM2", state: "MODEL_STATE_READY" }));
    await act(() => client.refetchQueries({ queryKey: ["model"] }));
    await act(async () => stream.send(DONE));

    await screen.findByRole("button", { name: "Accept and copy" });
  });
});

describe("a decision", () => {
  test("Enter accepts: the text is copied, the server is told, nothing is sent", async () => {
    const { server, user } = await finished();

    await user.keyboard("{Enter}");

    await screen.findByText("Copied", { selector: "[role=status]" });
    expect(copied).toHaveBeenCalledExactlyOnceWith("Happy to drive! 8 is fine.");
    await waitFor(() =>
      expect(server.sent("POST /api/responses/*/action")).toEqual([{ action: "ACTION_ACCEPT" }]),
    );
    await expectAccessible();
  });

  test("Enter that ends a composition accepts nothing", async () => {
    const { server } = await finished();

    fireEvent.keyDown(document.body, { key: "Enter", isComposing: true });
    fireEvent.keyDown(document.body, { key: "Enter", keyCode: 229 });

    expect(copied).not.toHaveBeenCalled();
    expect(server.sent("POST /api/responses/*/action")).toEqual([]);
  });

  test("an edit shows what changed, and is what the server learns", async () => {
    const { server, user } = await finished();

    await user.keyboard("e");
    const field = await screen.findByLabelText("Your reply");
    expect(document.activeElement).toBe(field);
    await user.type(field, " See you");
    expect(document.querySelector("ins")?.textContent).toBe(" See you");
    await expectAccessible();
    await user.keyboard("{Control>}{Enter}{/Control}");

    await waitFor(() =>
      expect(server.sent("POST /api/responses/*/action")).toEqual([
        { action: "ACTION_EDIT", editedResponse: "Happy to drive! 8 is fine. See you" },
      ]),
    );
    expect(copied).toHaveBeenCalledWith("Happy to drive! 8 is fine. See you");
  });

  test("what was typed survives Escape, another conversation and a reload", async () => {
    const { user, unmount } = await finished();
    await user.keyboard("e");
    await user.type(await screen.findByLabelText("Your reply"), " Mine");
    await user.keyboard("{Escape}");
    await screen.findByRole("button", { name: "Accept and copy" });
    await user.keyboard("e");
    expect((await screen.findByLabelText<HTMLTextAreaElement>("Your reply")).value).toMatch(/ Mine$/);

    await user.click(screen.getByRole("link", { name: /Mum/ }));
    await screen.findByRole("heading", { name: "Mum", level: 1 });
    expect(screen.queryByLabelText("Your reply")).toBeNull();
    unmount();
    renderApp("/conversations/c1");

    expect((await screen.findByLabelText<HTMLTextAreaElement>("Your reply")).value).toMatch(/ Mine$/);
  });

  test("a rejection may say why", async () => {
    const { server, user } = await finished();

    await user.keyboard("x");
    await user.type(await screen.findByLabelText("Why? You may leave it empty"), "too long{Enter}");

    await waitFor(() =>
      expect(server.sent("POST /api/responses/*/action")).toEqual([
        { action: "ACTION_REJECT", rejectionReason: "too long" },
      ]),
    );
  });

  test("letters typed into a field decide nothing", async () => {
    const { server, user } = await finished();

    await user.type(screen.getByLabelText("Say it in your own words"), "exr d");

    expect(screen.queryByLabelText("Your reply")).toBeNull();
    expect(server.sent("POST /api/responses/stream")).toHaveLength(1);
  });

  test("that was not saved is said, and can be tried again", async () => {
    const { server, user } = await finished();
    server.answer("POST /api/responses/*/action", () => refusal(503, 14, "away"));

    await user.click(screen.getByRole("button", { name: "Accept and copy" }));
    await screen.findByText("Your decision was not saved.");
    server.answer("POST /api/responses/*/action", () => ({}));
    await user.click(screen.getByRole("button", { name: "Try again" }));

    await waitFor(() => expect(screen.queryByText("Your decision was not saved.")).toBeNull());
    expect(server.sent("POST /api/responses/*/action")).toHaveLength(2);
  });

  test("without a clipboard the text is selected and says how to copy it", async () => {
    const { user } = await finished();
    copied.mockRejectedValue(new DOMException("denied", "NotAllowedError"));

    await user.click(screen.getByRole("button", { name: "Accept and copy" }));

    await screen.findByText("Accepted, but not copied.");
    expect(window.getSelection()?.toString()).toBe("Happy to drive! 8 is fine.");
  });
});

describe("several drafts", () => {
  function kept(responseId: string, response: string, minute: number): GeneratedResponse {
    return {
      responseId,
      response,
      messageId: "m3",
      conversationId: "c1",
      status: "RESPONSE_STATUS_COMPLETED",
      confidence: 0.8,
      generatedAt: `2025-06-13T10:4${minute}:00Z`,
    };
  }

  test("that were made before are there, and can be walked", async () => {
    const server = serveWell();
    server.answer("GET /api/conversations/*/responses", () => ({
      responses: [kept("r2", "Second", 3), kept("r1", "First", 2)],
    }));
    const { user } = renderApp("/conversations/c1");
    await waitFor(() => expect(text()).toBe("Second"));
    expect(document.activeElement).toBe(document.body);

    await user.keyboard("[[");

    expect(text()).toBe("First");
    expect(screen.getByRole("button", { name: "Earlier draft" }).getAttribute("aria-disabled")).toBe("true");
    await user.keyboard("]");
    expect(text()).toBe("Second");
  });

  test("Again keeps the one before", async () => {
    const { send, server, user } = await finished();
    server.answer("GET /api/conversations/*/responses", () => ({
      responses: [kept("r1", "Happy to drive! 8 is fine.", 2)],
    }));

    await user.keyboard("r");
    await waitFor(() => expect(server.sent("POST /api/responses/stream")).toHaveLength(2));
    expect(server.sent("POST /api/responses/stream")[1]).toEqual({
      messageId: "m3",
      suggestions: 1,
      skipCache: true,
    });
    await send(
      { started: { responseId: "r2" } },
      { done: { responseId: "r2", response: "Sure.", last: true } },
    );

    await screen.findByRole("button", { name: "Earlier draft" });
    await waitFor(() => expect(text()).toBe("Sure."));
    await user.keyboard("[[");
    await waitFor(() => expect(text()).toBe("Happy to drive! 8 is fine."));
  });

  test("of one request are a radio group", async () => {
    chooseSuggestions(3);
    const { send, server, user } = await ask();
    expect(server.sent("POST /api/responses/stream")[0]).toMatchObject({ suggestions: 3 });
    await send(
      { started: { responseId: "a", responseIds: ["a", "b", "c"] } },
      { done: { suggestion: 0, responseId: "a", response: "One", confidence: 0.9 } },
      { done: { suggestion: 1, responseId: "b", response: "Two", confidence: 0.5 } },
      { done: { suggestion: 2, responseId: "c", response: "Three", confidence: 0.1, last: true } },
    );

    const group = await screen.findByRole("radiogroup", { name: "Suggestions" });
    await within(group).findByText("Guessing");
    await user.keyboard("2");
    expect(within(group).getByRole("radio", { checked: true }).textContent).toContain("Two");
    await expectAccessible();
    await user.keyboard("{Enter}");

    await waitFor(() => expect(copied).toHaveBeenCalledWith("Two"));
    expect(server.calls.find((call) => call.route.includes("action"))?.url.pathname).toBe(
      "/api/responses/b/action",
    );
  });
});

test("a draft is outdated once a newer message arrives, and offers another", async () => {
  const { client, server, user } = await finished();
  const news = {
    ...LENA,
    messageId: "m4",
    imessageGuid: "g4",
    text: "Never mind, Tom drives",
    sentAt: "2025-06-13T10:44:00Z",
  };
  server.answer("GET /api/conversations/*/messages", () => ({ messages: [news, ...MESSAGES] }));

  await act(() => client.refetchQueries({ queryKey: ["messages", "c1", "head"] }));

  await screen.findByText("Lena wrote again at 10:44, so this may no longer fit.");
  expect(screen.queryByRole("button", { name: "Accept and copy" })).toBeNull();
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Draft again" }));

  await waitFor(() =>
    expect(server.sent("POST /api/responses/stream").at(-1)).toMatchObject({ messageId: "m4" }),
  );
});
