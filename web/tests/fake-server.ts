/** A server in the page: typed answers for fetch, and streams that a test writes event by event. */
import { vi } from "vitest";

type Answer = unknown | Response;
type Handler = (request: { url: URL; body: Record<string, unknown>; params: string[] }) => Answer;

export interface Call {
  route: string;
  url: URL;
  body: Record<string, unknown>;
}

/** An answer other than 200: google.rpc.Status, as Envoy's transcoder writes it. */
export function refusal(http: number, code: number, message: string, details: object[] = []): Response {
  return Response.json({ code, message, details }, { status: http });
}

/** Serve these routes ("GET /api/devices/*"); any other call fails the test that made it. */
export function serve(routes: Record<string, Handler>) {
  const calls: Call[] = [];
  const table = new Map(Object.entries(routes));
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, "http://localhost");
    const body = typeof init.body === "string" ? JSON.parse(init.body) : {};
    for (const [route, handler] of table) {
      const [method, path] = route.split(" ") as [string, string];
      const match = new RegExp(`^${path.replaceAll("*", "([^/]+)")}$`).exec(url.pathname);
      if (method !== (init.method ?? "GET") || !match) continue;
      calls.push({ route, url, body });
      const answer = await handler({ url, body, params: match.slice(1) });
      if (answer instanceof Stream) return answer.respond(init.signal ?? undefined);
      return answer instanceof Response ? answer.clone() : Response.json(answer);
    }
    throw new Error(`no route for ${init.method ?? "GET"} ${url.pathname}`);
  });
  return {
    calls,
    /** The bodies that a route was called with. */
    sent: (route: string) => calls.filter((call) => call.route === route).map((call) => call.body),
    /** Change a route, or add one. */
    answer: (route: string, handler: Handler) => table.set(route, handler),
  };
}

/** A server stream in a test's hands. */
export class Stream {
  aborted = false;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private readonly body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      this.controller = controller;
    },
    cancel: () => {
      this.aborted = true;
    },
  });

  respond(signal: AbortSignal | undefined): Response {
    signal?.addEventListener("abort", () => {
      this.aborted = true;
      this.fail(signal.reason);
    });
    return new Response(this.body, { headers: { "content-type": "text/event-stream" } });
  }

  send(...events: object[]): void {
    for (const event of events) this.raw(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
  }

  raw(bytes: Uint8Array): void {
    this.controller.enqueue(bytes);
  }

  end(): void {
    this.controller.close();
  }

  fail(reason: unknown = new TypeError("network error")): void {
    try {
      this.controller.error(reason);
    } catch {
      // It had already ended.
    }
  }
}
