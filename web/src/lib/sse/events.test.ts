import { refusal, Stream, serve } from "@tests/fake-server";
import { expect, test } from "vitest";
import { Code } from "@/lib/api/error";
import { postForEvents } from "./events";

async function collect(signal = new AbortController().signal): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of postForEvents("/api/stream", {}, signal)) events.push(event);
  return events;
}

test("a character cut between two chunks stays whole", async () => {
  const stream = new Stream();
  serve({ "POST /api/stream": () => stream });
  const bytes = new TextEncoder().encode('data: {"text":"schön 🌲"}\n\n');

  for (const byte of bytes) stream.raw(Uint8Array.of(byte));
  stream.end();

  expect(await collect()).toEqual([{ text: "schön 🌲" }]);
});

test("a refusal before the first event keeps its status", async () => {
  serve({
    "POST /api/stream": () =>
      refusal(429, 8, "no capacity", [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "QUEUE_FULL" },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "6.5s" },
      ]),
  });

  await expect(collect()).rejects.toMatchObject({
    code: Code.RESOURCE_EXHAUSTED,
    reason: "QUEUE_FULL",
    retryAfter: 6.5,
  });
});

test("a broken connection is told apart from a quiet end", async () => {
  const stream = new Stream();
  serve({ "POST /api/stream": () => stream });
  const events = postForEvents("/api/stream", {}, new AbortController().signal);
  stream.send({ n: 1 });

  expect((await events.next()).value).toEqual({ n: 1 });
  stream.fail();

  await expect(events.next()).rejects.toMatchObject({ unreachable: true });
});

test("leaving the loop early hangs up", async () => {
  const stream = new Stream();
  serve({ "POST /api/stream": () => stream });
  stream.send({ n: 1 }, { n: 2 });

  for await (const _ of postForEvents("/api/stream", {}, new AbortController().signal)) break;

  expect(stream.aborted).toBe(true);
});
