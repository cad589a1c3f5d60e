/** The whole product in a test's page, at an address, in front of a fake server. */
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect } from "vitest";
import type { Conversation, Device, GeneratedResponse, Message } from "@/lib/api/types";
import { makeQueryClient } from "@/lib/query-client";
import { makeRouter } from "@/routes/router";
import { Stream, serve } from "./fake-server";

export const LENA: Message = {
  messageId: "m3",
  conversationId: "c1",
  imessageGuid: "g3",
  direction: "DIRECTION_INCOMING",
  senderId: "lena",
  senderName: "Lena Brandt",
  text: "Could you drive? And is 8 too early for you?",
  sentAt: "2025-06-13T10:41:00Z",
};

export const MESSAGES: Message[] = [
  { ...LENA, replyToGuid: "g1" },
  {
    ...LENA,
    messageId: "m2",
    imessageGuid: "g2",
    text: "",
    sentAt: "2025-06-13T10:39:00Z",
    unsentAt: "2025-06-13T10:40:00Z",
  },
  {
    ...LENA,
    messageId: "m1",
    imessageGuid: "g1",
    direction: "DIRECTION_OUTGOING",
    senderId: "",
    senderName: "",
    text: "Yes please, lake loop",
    sentAt: "2025-06-12T18:09:00Z",
    reactions: [{ senderId: "lena", kind: "love" }],
    editedAt: "2025-06-12T18:10:00Z",
    edits: [{ text: "Yes please", editedAt: "2025-06-12T18:10:00Z" }],
  },
];

export const HIKE: Conversation = {
  conversationId: "c1",
  displayName: "Sunday hike",
  isGroup: true,
  participants: [{ handle: "lena", displayName: "Lena Brandt" }],
  lastMessageAt: LENA.sentAt,
  lastMessage: LENA,
  needsReply: true,
};

export const MUM: Conversation = {
  conversationId: "c2",
  displayName: "Mum",
  lastMessageAt: "2025-06-12T09:00:00Z",
  lastMessage: {
    messageId: "n1",
    conversationId: "c2",
    direction: "DIRECTION_OUTGOING",
    text: "Will call you",
    sentAt: "2025-06-12T09:00:00Z",
  },
};

export const MAC: Device = {
  deviceId: "d1",
  name: "Studio Mac",
  platform: "macos",
  osVersion: "15.5",
  state: "DEVICE_STATE_ACTIVE",
  health: "DEVICE_HEALTH_OK",
  agentVersion: "0.4.2",
  messageCount: "48210",
  conversationCount: "312",
};

/** A server where all is well: one Mac, two conversations, no draft yet. */
export function serveWell() {
  const responses: GeneratedResponse[] = [];
  const session = { account: { accountId: "a1", name: "Maya" }, expiresAt: "2025-06-20T10:00:00Z" };
  return serve({
    "GET /api/auth/session": () => session,
    "POST /api/auth/signin": () => session,
    "POST /api/auth/signout": () => ({}),
    "GET /api/devices": () => ({ devices: [MAC], approvalTriesLeft: 5 }),
    "GET /api/models/status": () => ({ displayName: "SmolLM2 135M", state: "MODEL_STATE_READY" }),
    "GET /health": () => ({ version: "0.1.0", parts: [{ name: "postgres", status: "PART_STATUS_SERVING" }] }),
    "GET /api/conversations": () => ({ conversations: [HIKE, MUM] }),
    // A server that tells nothing is asked.
    "GET /api/conversations:watch": () => new Stream(),
    "GET /api/conversations/*": ({ params }) => ({ conversation: params[0] === "c1" ? HIKE : MUM }),
    "GET /api/conversations/*/messages": ({ params }) => ({
      messages: params[0] === "c1" ? MESSAGES : [MUM.lastMessage],
    }),
    "GET /api/conversations/*/responses": () => ({ responses }),
    "POST /api/responses/*/action": ({ params, body }) => ({ response: { responseId: params[0], ...body } }),
  });
}

export function renderApp(address: string) {
  const client = makeQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const router = makeRouter(createMemoryHistory({ initialEntries: [address] }));
  const view = render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { ...view, client, router, user: userEvent.setup() };
}

/** No rule of axe is broken. Colours are proven by the tokens' own test: jsdom paints nothing. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, {
    resultTypes: ["violations"],
    rules: {
      "color-contrast": { enabled: false },
      "document-title": { enabled: false },
      "html-has-lang": { enabled: false },
    },
  });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}
