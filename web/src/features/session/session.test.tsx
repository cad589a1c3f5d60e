import { screen, waitFor } from "@testing-library/react";
import { refusal } from "@tests/fake-server";
import { expectAccessible, renderApp, serveWell } from "@tests/render-app";
import { describe, expect, test } from "vitest";

const signedOut = () => refusal(401, 16, "sign in first");

describe("somebody who is not signed in", () => {
  test("signs in with the password alone and is where they wanted to be", async () => {
    const server = serveWell();
    server.answer("GET /api/auth/session", signedOut);
    const { user } = renderApp("/settings");

    await user.type(await screen.findByLabelText("Password"), "correct horse");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Sign in" }));

    await screen.findByRole("heading", { name: "Settings", level: 1 });
    expect(server.sent("POST /api/auth/signin")).toEqual([{ password: "correct horse" }]);
  });

  test("is told beside the field that the password does not match, and keeps what was typed", async () => {
    const server = serveWell();
    server.answer("GET /api/auth/session", signedOut);
    server.answer("POST /api/auth/signin", () => refusal(401, 16, "wrong name or password"));
    const { user } = renderApp("/");

    const field = await screen.findByLabelText<HTMLInputElement>("Password");
    await user.type(field, "wrong{Enter}");

    expect(await screen.findByText("That password does not match.")).toBeInstanceOf(HTMLElement);
    expect(field.value).toBe("wrong");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement).toBe(field);
    await expectAccessible();
  });

  test("is told how long to wait after too many tries", async () => {
    const server = serveWell();
    server.answer("GET /api/auth/session", signedOut);
    server.answer("POST /api/auth/signin", () =>
      refusal(429, 8, "too many tries", [
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "300s" },
      ]),
    );
    const { user } = renderApp("/");

    await user.type(await screen.findByLabelText("Password"), "again{Enter}");

    await screen.findByText("Too many tries. Try again in 5 min.");
  });

  test("is asked for the account once the server has more than one", async () => {
    const server = serveWell();
    server.answer("GET /api/auth/session", signedOut);
    server.answer("POST /api/auth/signin", ({ body }) =>
      body.account
        ? { account: { accountId: "a1", name: "maya" } }
        : refusal(400, 3, "which account?", [{ fieldViolations: [{ field: "account" }] }]),
    );
    const { user } = renderApp("/settings");

    await user.type(await screen.findByLabelText("Password"), "secret{Enter}");
    await user.type(await screen.findByLabelText("Account"), "maya");
    await user.click(screen.getByRole("button", { name: "Sign in" }));

    await screen.findByRole("heading", { name: "Settings", level: 1 });
    expect(server.sent("POST /api/auth/signin").at(-1)).toEqual({ account: "maya", password: "secret" });
  });
});

describe("a session that ends", () => {
  test("asks over the page, which stays as it was", async () => {
    const server = serveWell();
    const { client, user } = renderApp("/conversations/c1");
    const words = await screen.findByText("Could you drive? And is 8 too early for you?");
    server.answer("GET /api/devices", signedOut);

    await client.refetchQueries({ queryKey: ["devices"] });
    const dialog = await screen.findByRole("dialog", { name: "Please sign in again" });

    expect(words.isConnected).toBe(true);
    server.answer("GET /api/devices", () => ({ devices: [] }));
    await user.type(screen.getByLabelText("Password"), "correct{Enter}");
    await waitFor(() => expect(dialog.isConnected).toBe(false));
    expect(server.sent("POST /api/auth/signin")).toEqual([{ account: "Maya", password: "correct" }]);
  });

  test("signing out leaves nothing behind", async () => {
    serveWell();
    sessionStorage.setItem("assistant.typed.c1", '{"words":"private"}');
    const { client, user } = renderApp("/settings");

    await user.click(await screen.findByRole("button", { name: "Sign out" }));

    await screen.findByRole("heading", { name: "Welcome back" });
    expect(sessionStorage.length).toBe(0);
    expect(client.getQueryData(["conversations"])).toBeUndefined();
  });
});

test("a server that does not answer is said, and tried again", async () => {
  const server = serveWell();
  server.answer("GET /api/auth/session", () => refusal(503, 14, "starting"));
  const { user } = renderApp("/settings");

  await screen.findByText("Your server does not answer");
  server.answer("GET /api/auth/session", () => ({ account: { name: "Maya" } }));
  await user.click(screen.getByRole("button", { name: "Try again" }));

  await screen.findByRole("heading", { name: "Settings", level: 1 });
});

test("a server that was starting is there without a click", async () => {
  const server = serveWell();
  server.answer("GET /api/auth/session", () => refusal(503, 14, "starting"));
  renderApp("/settings");

  await screen.findByText("Your server does not answer");
  server.answer("GET /api/auth/session", () => ({ account: { name: "Maya" } }));

  await screen.findByRole("heading", { name: "Settings", level: 1 }, { timeout: 10_000 });
});
