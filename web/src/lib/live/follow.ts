/** Follows the server's stream of changes, and takes it up again whenever it breaks. */
import type { WatchEvent } from "@/lib/api/types";
import { getEvents } from "@/lib/sse/events";

const PATH = "/api/conversations:watch";
/** The server has a heartbeat every 20 s; a connection that is silent for longer is dead, whatever it says. */
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface Follower {
  /** Everything that happens from here on is told; what happened before may have been missed. */
  begun(): void;
  told(event: WatchEvent): void;
  broken(): void;
}

/** Follow until the signal is aborted. */
export async function follow(follower: Follower, signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const heard = await followOnce(follower, signal);
    if (signal.aborted) return;
    follower.broken();
    pause = heard ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
    await elapsed(pause, signal);
  }
}

/** Follow until the stream ends, however it does; whether anything was heard. */
async function followOnce(follower: Follower, signal: AbortSignal): Promise<boolean> {
  const attempt = new AbortController();
  const hangUp = () => attempt.abort();
  signal.addEventListener("abort", hangUp);
  let deadline = setTimeout(hangUp, SILENCE_MS);
  let heard = false;
  try {
    for await (const event of getEvents<WatchEvent>(PATH, attempt.signal)) {
      clearTimeout(deadline);
      deadline = setTimeout(hangUp, SILENCE_MS);
      if (event.error) break;
      if (!heard) follower.begun();
      heard = true;
      follower.told(event);
    }
  } catch {
    // Refused, broken or hung up: asking goes on, and the stream is tried again.
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener("abort", hangUp);
  }
  return heard;
}

function elapsed(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
