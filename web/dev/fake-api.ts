/**
 * A server for work on the interface: `ASSISTANT_FAKE=1 npm run dev`, password "demo", code 417052. It is part of the
 * development server only and never of a build. GET /api/fake?scene=empty|loading|busy|broken|offline|late changes its mood.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import type { GeneratedResponse, StreamRequest } from "../src/lib/api/types";
import { chats, DRAFTS } from "./fake-data.ts";
import { devices } from "./fake-devices.ts";
import { before, said, uuid } from "./fake-said.ts";

const state = {
  scene: "",
  signedIn: true,
  tries: 5,
  running: 0,
  chats: chats(),
  devices: devices(),
  drafts: [] as GeneratedResponse[],
};

type Handler = (url: URL, body: Record<string, never>, response: ServerResponse, match: string[]) => unknown;

class Refusal extends Error {
  readonly http: number;
  readonly status: object;
  constructor(http: number, code: number, message: string, details: object[] = []) {
    super(message);
    this.http = http;
    this.status = { code, message, details };
  }
}

function page<T>(items: T[], url: URL): { items: T[]; nextPageToken?: string } {
  const size = Number(url.searchParams.get("pageSize") ?? 50);
  const start = Number(url.searchParams.get("pageToken") || 0);
  const items_ = items.slice(start, start + size);
  return start + size < items.length
    ? { items: items_, nextPageToken: String(start + size) }
    : { items: items_ };
}

function listed(chat: (typeof state.chats)[number]) {
  const last = chat.messages.findLast(
    ({ messageType, isScheduled }) => messageType !== "MESSAGE_TYPE_GROUP_EVENT" && !isScheduled,
  );
  const needsReply = last?.direction === "DIRECTION_INCOMING";
  return {
    ...chat.conversation,
    lastMessage: last,
    lastMessageAt: last?.sentAt,
    ...(needsReply && { needsReply }),
  };
}

function chatOf(id: string) {
  const found = state.chats.find((chat) => chat.conversation.conversationId === id);
  if (!found) throw new Refusal(404, 5, "no such conversation");
  return found;
}

const chatsByTime = () =>
  (state.scene === "empty" ? [] : state.chats.map(listed)).sort((a, b) =>
    (b.lastMessageAt ?? "").localeCompare(a.lastMessageAt ?? ""),
  );

const ROUTES: [string, RegExp, Handler][] = [
  ["GET", /^\/api\/fake$/, (url) => enter(url.searchParams.get("scene") ?? "")],
  ["GET", /^\/api\/auth\/session$/, () => session()],
  ["POST", /^\/api\/auth\/signin$/, (_u, body: { password?: string }) => signIn(body.password ?? "")],
  ["POST", /^\/api\/auth\/signout$/, () => signOut()],
  [
    "GET",
    /^\/api\/devices$/,
    () => ({ devices: state.scene === "empty" ? [] : state.devices, approvalTriesLeft: state.tries }),
  ],
  ["POST", /^\/api\/devices\/approve$/, (_u, body: { code?: string }) => approve(body.code ?? "")],
  [
    "POST",
    /^\/api\/devices\/([^/]+):deactivate$/,
    (_u, _b, _r, [id]) => change(id!, { state: "DEVICE_STATE_DEACTIVATED", deactivatedAt: before(0) }),
  ],
  [
    "PATCH",
    /^\/api\/devices\/([^/]+)$/,
    (_u, body: { name?: string }, _r, [id]) => change(id!, { name: body.name }),
  ],
  ["GET", /^\/health$/, () => health()],
  ["GET", /^\/api\/models\/status$/, () => model()],
  [
    "GET",
    /^\/api\/conversations$/,
    (url) => {
      const { items, ...rest } = page(chatsByTime(), url);
      return { conversations: items, ...rest };
    },
  ],
  ["GET", /^\/api\/conversations\/([^/]+)$/, (_u, _b, _r, [id]) => ({ conversation: listed(chatOf(id!)) })],
  [
    "GET",
    /^\/api\/conversations\/([^/]+)\/messages$/,
    (url, _b, _r, [id]) => {
      const { items, ...rest } = page([...chatOf(id!).messages].reverse(), url);
      return { messages: items, ...rest };
    },
  ],
  [
    "GET",
    /^\/api\/conversations\/([^/]+)\/responses$/,
    (_u, _b, _r, [id]) => ({
      responses: state.drafts.filter((draft) => draft.conversationId === id),
    }),
  ],
  ["GET", /^\/api\/messages:search$/, (url) => search(url)],
  ["POST", /^\/api\/responses\/([^/]+)\/action$/, (_u, body, _r, [id]) => act(id!, body)],
  ["POST", /^\/api\/responses\/stream$/, (_u, body: StreamRequest, response) => stream(body, response)],
];

function session() {
  if (!state.signedIn) throw new Refusal(401, 16, "sign in first");
  return { account: { accountId: "a", name: "Maya" }, expiresAt: before(-7 * 86_400_000) };
}

function signIn(password: string) {
  if (password !== "demo") throw new Refusal(401, 16, "wrong name or password");
  state.signedIn = true;
  return session();
}

function signOut() {
  state.signedIn = false;
  return {};
}

function enter(scene: string) {
  state.scene = scene;
  lateMessage();
  return {};
}

function approve(code: string) {
  if (state.tries === 0)
    throw new Refusal(429, 8, "too many", [
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "300s" },
    ]);
  if (code !== "417052") {
    state.tries -= 1;
    throw new Refusal(404, 5, "no such code");
  }
  const device = {
    ...devices()[0]!,
    deviceId: uuid(),
    name: "Living room Mac",
    state: "DEVICE_STATE_APPROVED" as const,
  };
  state.devices.unshift(device);
  if (state.scene === "empty") state.scene = "";
  return { device };
}

function change(id: string, part: object) {
  const device = state.devices.find((known) => known.deviceId === id);
  if (!device) throw new Refusal(404, 5, "no such device");
  return { device: Object.assign(device, part) };
}

function health() {
  const parts = ["device_svc", "sync_svc", "inference_svc", "training_svc", "worker", "postgres", "redis"];
  return {
    status: "PART_STATUS_SERVING",
    version: "0.1.0",
    parts: parts.map((name) => ({ name, status: "PART_STATUS_SERVING" })),
  };
}

function model() {
  const loading = state.scene === "loading";
  return {
    modelId: "ministral-3b-instruct",
    displayName: "Ministral 3B",
    adapter: "voice-07",
    state: loading ? "MODEL_STATE_LOADING" : "MODEL_STATE_READY",
    ...(loading && { loadProgress: 0.41 }),
    running: state.running,
    contextSize: 4096,
  };
}

function search(url: URL) {
  const words = (url.searchParams.get("query") ?? "").toLowerCase().split(/\s+/);
  const hits = state.chats.flatMap(({ conversation, messages }) =>
    messages
      .filter((message) => words.every((word) => message.text?.toLowerCase().includes(word)))
      .map((message) => ({ message, conversationName: conversation.displayName })),
  );
  hits.sort((a, b) => (b.message.sentAt ?? "").localeCompare(a.message.sentAt ?? ""));
  const { items, ...rest } = page(hits, url);
  return { hits: items, ...rest };
}

const OUTCOMES = {
  ACTION_ACCEPT: "RESPONSE_STATUS_ACCEPTED",
  ACTION_EDIT: "RESPONSE_STATUS_EDITED",
  ACTION_REJECT: "RESPONSE_STATUS_REJECTED",
} as const;

function act(id: string, body: { action?: keyof typeof OUTCOMES; editedResponse?: string }) {
  const draft = state.drafts.find((known) => known.responseId === id);
  if (!draft || !body.action) throw new Refusal(404, 5, "no such draft");
  Object.assign(draft, {
    status: OUTCOMES[body.action],
    editedResponse: body.editedResponse,
    actedAt: before(0),
  });
  return { response: draft };
}

/** The scene "late": somebody writes again while a draft is open. */
function lateMessage() {
  if (state.scene !== "late") return;
  const { conversation, messages } = state.chats[0]!;
  messages.push(said(conversation.conversationId!, "Lena Brandt", "Never mind, Tom drives!", 0));
}

async function stream(request: StreamRequest, response: ServerResponse) {
  if (state.scene === "loading") throw new Refusal(503, 14, "the model is not loaded");
  const chat = state.chats.find(({ messages }) =>
    messages.some((message) => message.messageId === request.messageId),
  );
  if (!chat) throw new Refusal(404, 5, "no such message");
  const texts = DRAFTS.slice(0, request.suggestions || 1);
  const ids = texts.map(() => uuid());
  let open = true;
  response.on("close", () => {
    open = false;
  });
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (event: object) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const keep = (index: number, text: string, status: GeneratedResponse["status"]) =>
    state.drafts.unshift({
      responseId: ids[index],
      messageId: request.messageId,
      conversationId: chat.conversation.conversationId,
      response: text,
      confidence: [0.62, 0.81, 0.3][index],
      modelVersion: "voice-07",
      status,
      generatedAt: before(0),
      instruction: request.instruction,
      suggestion: index,
    });
  state.running = 1;
  send({ started: { responseId: ids[0], responseIds: ids, messageId: request.messageId } });
  send({ state: { state: "STATE_QUEUED", queuePosition: 2, etaSeconds: 6 } });
  await pause(state.scene === "busy" ? 20_000 : 250);
  send({ state: { state: "STATE_READING" } });
  await pause(350);
  send({ state: { state: "STATE_WRITING" } });
  const words = texts.map((text) => text.split(/(?<= )/));
  for (let at = 0; open && words.some((list) => at < list.length); at++) {
    for (const [suggestion, list] of words.entries()) {
      if (at < list.length) send({ token: { suggestion, text: list[at] } });
      if (at === list.length - 1) {
        keep(suggestion, texts[suggestion]!, "RESPONSE_STATUS_COMPLETED");
        const last = words.every((other) => at >= other.length - 1);
        send({
          done: {
            responseId: ids[suggestion],
            response: texts[suggestion],
            confidence: [0.62, 0.81, 0.3][suggestion],
            modelVersion: "voice-07",
            finishReason: "FINISH_REASON_STOP",
            suggestion,
            last,
          },
        });
      }
    }
    if (state.scene === "broken" && at === 8) break;
    await pause(90);
  }
  state.running = 0;
  response.end();
  return undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, never>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || "{}");
}

const serve: Connect.NextHandleFunction = async (request, response, next) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const route = ROUTES.find(([method, path]) => method === request.method && path.test(url.pathname));
  if (!route) return next();
  if (state.scene === "offline" && url.pathname !== "/api/fake") return void response.destroy();
  const answer = (status: number, json: unknown) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(json));
  };
  try {
    if (!state.signedIn && !url.pathname.startsWith("/api/auth/"))
      throw new Refusal(401, 16, "sign in first");
    const match = route[1].exec(url.pathname)?.slice(1) ?? [];
    const json = await route[2](url, await bodyOf(request), response, match);
    if (json !== undefined) answer(200, json);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    answer(error.http, error.status);
  }
};

export function fakeApi(): Plugin {
  return { name: "fake-api", configureServer: (server) => void server.middlewares.use(serve) };
}
