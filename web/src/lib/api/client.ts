/** One way to call the server: JSON over fetch, errors as ApiError, the cookie as the only credential. */
import { signal } from "@/lib/signal";
import { fromAnswer, unreachable } from "./error";

type Query = Record<string, string | number | undefined>;

/** True while the last call had no answer. */
export const offline = signal(false);

/** Counts the answers that said the session has ended, so that whoever shows a page can react. */
export const sessionsLost = signal(0);

function address(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}

/** Make a call and give back its answer once it is known to be a good one. */
export async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    offline.set(true);
    throw unreachable();
  }
  const body = response.ok ? null : await response.json().catch(() => null);
  // A gateway that cannot reach the services answers without a Status of ours.
  offline.set(response.status === 502 || response.status === 504);
  if (response.ok) return response;
  // A wrong password is a 401 too, and ends no session.
  if (response.status === 401 && !path.startsWith("/api/auth/")) sessionsLost.set(sessionsLost.get() + 1);
  throw fromAnswer(response.status, body, response.headers.get("retry-after"));
}

export async function get<T>(path: string, query: Query = {}, abort?: AbortSignal): Promise<T> {
  const response = await send(address(path, query), { method: "GET", signal: abort ?? null });
  return (await response.json()) as T;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return write<T>("POST", path, body);
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  return write<T>("PATCH", path, body);
}

async function write<T>(method: string, path: string, body: unknown): Promise<T> {
  const response = await send(path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}
