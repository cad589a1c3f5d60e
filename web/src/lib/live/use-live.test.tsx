import { act, screen, waitFor } from "@testing-library/react";
import { refusal, Stream } from "@tests/fake-server";
import { HIKE, MUM, renderApp, serveWell } from "@tests/render-app";
import { afterEach, expect, test, vi } from "vitest";
import { live } from "./live";

const WATCH = "GET /api/conversations:watch";

function served(...streams: Stream[]) {
  const server = serveWell();
  server.answer(WATCH, () => streams.shift() ?? refusal(503, 14, "the service is stopping"));
  return server;
}

function show(state: DocumentVisibilityState) {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("what the server tells is read anew", async () => {
  const stream = new Stream();
  const server = served(stream);
  renderApp("/conversations");
  await screen.findByRole("link", { name: /Mum/ });
  stream.send({ heartbeat: {} });
  await waitFor(() => expect(live.get()).toBe(true));

  server.answer("GET /api/conversations", () => ({
    conversations: [{ ...MUM, lastMessage: { ...MUM.lastMessage, text: "It arrived" } }, HIKE],
  }));
  stream.send({ conversationChanged: MUM });

  await screen.findByText(/It arrived/);
});

test("a conversation that was deleted leaves the list", async () => {
  const stream = new Stream();
  const server = served(stream);
  renderApp("/conversations");
  await screen.findByRole("link", { name: /Mum/ });
  stream.send({ heartbeat: {} });
  await waitFor(() => expect(live.get()).toBe(true));
  // Nobody is asked: what the list was before is all that there is.
  server.answer("GET /api/conversations", () => refusal(503, 14, "the service is stopping"));

  stream.send({ conversationDeleted: { conversationId: MUM.conversationId } });

  await waitFor(() => expect(screen.queryByRole("link", { name: /Mum/ })).toBeNull());
  expect(screen.getAllByRole("link", { name: /Sunday hike/ }).length).toBeGreaterThan(0);
});

test("a draft that is ready is read", async () => {
  const stream = new Stream();
  const server = served(stream);
  renderApp("/conversations/c1");
  await screen.findByRole("log", { name: "Messages with Sunday hike" });
  const responses = () => server.sent("GET /api/conversations/*/responses").length;
  stream.send({ heartbeat: {} });
  await waitFor(() => expect(responses()).toBe(2));

  stream.send({ draftReady: { conversationId: "c1", responseId: "r1" } });

  await waitFor(() => expect(responses()).toBe(3));
});

test("a stream that ends is followed by asking, and by another stream", async () => {
  const [first, second] = [new Stream(), new Stream()];
  served(first, second);
  renderApp("/conversations");
  first.send({ heartbeat: {} });
  await waitFor(() => expect(live.get()).toBe(true));

  first.send({ error: { code: 14, message: "the service is stopping" } });
  await waitFor(() => expect(live.get()).toBe(false));
  second.send({ heartbeat: {} });

  await waitFor(() => expect(live.get()).toBe(true));
});

test("a server that refuses to tell is asked", async () => {
  const server = served();
  renderApp("/conversations");

  await screen.findByRole("link", { name: /Mum/ });

  await waitFor(() => expect(server.sent(WATCH)).toHaveLength(1));
  expect(live.get()).toBe(false);
});

test("a page that is not seen has no stream", async () => {
  const [first, second] = [new Stream(), new Stream()];
  served(first, second);
  renderApp("/conversations");
  first.send({ heartbeat: {} });
  await waitFor(() => expect(live.get()).toBe(true));

  show("hidden");
  expect([first.aborted, live.get()]).toEqual([true, false]);
  show("visible");
  second.send({ heartbeat: {} });

  await waitFor(() => expect(live.get()).toBe(true));
});

test("leaving hangs up", async () => {
  const stream = new Stream();
  served(stream);
  const { unmount } = renderApp("/conversations");
  stream.send({ heartbeat: {} });
  await waitFor(() => expect(live.get()).toBe(true));

  unmount();

  await waitFor(() => expect(stream.aborted).toBe(true));
  expect(live.get()).toBe(false);
});
