import { refusal, serve } from "@tests/fake-server";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { get, offline, patch, post, sessionsLost } from "./client";
import { Code } from "./error";

beforeEach(() => {
  offline.set(false);
  sessionsLost.set(0);
});

describe("a call", () => {
  test("leaves out empty query values and sends the rest", async () => {
    const server = serve({ "GET /api/x": () => ({ ok: true }) });

    expect(await get("/api/x", { pageSize: 5, pageToken: "", query: "a b&c" })).toEqual({ ok: true });

    expect(server.calls[0]?.url.search).toBe("?pageSize=5&query=a+b%26c");
  });

  test("sends JSON with its method", async () => {
    const server = serve({ "POST /api/x": () => ({}), "PATCH /api/x": () => ({}) });

    await post("/api/x", { a: 1 });
    await patch("/api/x", { b: 2 });

    expect(server.calls.map((call) => call.body)).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test("names the field that the server refused", async () => {
    serve({
      "POST /api/x": () =>
        refusal(400, 3, "bad", [
          { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field: "code" }] },
        ]),
    });

    await expect(post("/api/x", {})).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT, field: "code" });
  });

  test.each([
    [401, Code.UNAUTHENTICATED],
    [404, Code.NOT_FOUND],
    [429, Code.RESOURCE_EXHAUSTED],
    [503, Code.UNAVAILABLE],
    [500, Code.INTERNAL],
  ])("understands a bare HTTP %i", async (http, code) => {
    serve({ "GET /api/x": () => new Response("<html>", { status: http }) });

    await expect(get("/api/x")).rejects.toMatchObject({ code });
  });

  test("reads Retry-After when the details do not say it", async () => {
    serve({ "GET /api/x": () => new Response("", { status: 429, headers: { "retry-after": "30" } }) });

    await expect(get("/api/x")).rejects.toMatchObject({ retryAfter: 30 });
  });
});

describe("the connection", () => {
  test("counts as lost without an answer and as back with the next", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await expect(get("/api/x")).rejects.toMatchObject({ unreachable: true });
    expect(offline.get()).toBe(true);

    serve({ "GET /api/x": () => ({}) });
    await get("/api/x");

    expect(offline.get()).toBe(false);
  });

  test("an abort is no lost connection", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new DOMException("aborted", "AbortError")));

    await expect(get("/api/x", {}, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });

    expect(offline.get()).toBe(false);
  });
});

describe("the session", () => {
  test("is lost with a 401 of any call", async () => {
    serve({ "GET /api/x": () => refusal(401, 16, "sign in first") });

    await expect(get("/api/x")).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });

    expect(sessionsLost.get()).toBe(1);
  });

  test("is not lost with a wrong password", async () => {
    serve({ "POST /api/auth/signin": () => refusal(401, 16, "wrong") });

    await expect(post("/api/auth/signin", {})).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });

    expect(sessionsLost.get()).toBe(0);
  });
});
