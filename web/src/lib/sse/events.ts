/** The JSON events of a server stream, one after another. */
import { send } from "@/lib/api/client";
import { unreachable } from "@/lib/api/error";
import { SseParser } from "./parser";

/** Post a request and yield the events of its answer. */
export function postForEvents<T>(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<T> {
  return events<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(body),
    signal,
  });
}

/** Yield the events of a stream that only tells. */
export function getEvents<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
  return events<T>(path, { method: "GET", headers: { accept: "text/event-stream" }, signal });
}

/**
 * Fails with ApiError when the server refuses before the first event or the connection breaks; ends quietly when the
 * stream ends, so the caller must know whether the last event was a terminal one. Aborting the signal hangs up.
 */
async function* events<T>(path: string, init: RequestInit & { signal: AbortSignal }): AsyncGenerator<T> {
  const { signal } = init;
  const response = await send(path, init);
  if (!response.body) throw unreachable();
  const parser = new SseParser();
  // The decoder keeps the bytes of a character that a chunk cuts in two.
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const data of parser.push(value)) yield JSON.parse(data) as T;
    }
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw unreachable();
  } finally {
    // Leaving early (a terminal event, an abort) must free the connection, and with it the model.
    await reader.cancel().catch(() => undefined);
  }
}
