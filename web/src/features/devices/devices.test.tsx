import { screen, waitFor, within } from "@testing-library/react";
import { refusal } from "@tests/fake-server";
import { expectAccessible, MAC, renderApp, serveWell } from "@tests/render-app";
import { describe, expect, test } from "vitest";
import type { Device } from "@/lib/api/types";

describe("pairing", () => {
  test("takes a pasted code with a space in it and says which Mac it was", async () => {
    const server = serveWell();
    server.answer("POST /api/devices/approve", () => ({ device: { ...MAC, name: "Kitchen Mac" } }));
    const { user } = renderApp("/devices");
    const code = await screen.findByLabelText<HTMLInputElement>("Pairing code");

    await user.click(code);
    await user.paste("417 052");
    await user.click(screen.getByRole("button", { name: "Approve" }));

    await screen.findByText(/Kitchen Mac/);
    expect(server.sent("POST /api/devices/approve")).toEqual([{ code: "417052" }]);
    expect(code.value).toBe("");
    expect(code.autocomplete).toBe("one-time-code");
    await expectAccessible();
  });

  test("does nothing with five digits", async () => {
    const server = serveWell();
    const { user } = renderApp("/devices");

    await user.type(await screen.findByLabelText("Pairing code"), "41705{Enter}");

    expect(screen.getByRole("button", { name: "Approve" }).getAttribute("aria-disabled")).toBe("true");
    expect(server.sent("POST /api/devices/approve")).toEqual([]);
  });

  test("says how many tries are left after a wrong code, and keeps the digits", async () => {
    const server = serveWell();
    server.answer("POST /api/devices/approve", () => {
      server.answer("GET /api/devices", () => ({ devices: [MAC], approvalTriesLeft: 3 }));
      return refusal(404, 5, "no such code");
    });
    const { user } = renderApp("/devices");
    const code = await screen.findByLabelText<HTMLInputElement>("Pairing code");

    await user.type(code, "000000{Enter}");

    await screen.findByText("That is not a code a Mac shows right now. 3 tries left.");
    expect(code.value).toBe("000000");
    await expectAccessible();
  });
});

describe("a Mac", () => {
  test("shows its facts", async () => {
    serveWell();
    renderApp("/devices");

    const card = (await screen.findByRole("heading", { name: "Studio Mac" })).closest("li")!;

    for (const fact of ["macOS 15.5, agent 0.4.2", "48,210", "312", "All well", "Not yet"])
      within(card).getByText(fact);
  });

  test("that cannot read shows the way, and what its agent says is text", async () => {
    const server = serveWell();
    const healthMessage = "macOS took back <b>Full Disk Access</b>";
    const device: Device = { ...MAC, health: "DEVICE_HEALTH_CANNOT_READ", healthMessage };
    server.answer("GET /api/devices", () => ({ devices: [device] }));
    const { user } = renderApp("/devices");

    within(await screen.findByRole("alert")).getByText(healthMessage);
    await user.click(screen.getByRole("button", { name: "Show me how" }));

    screen.getByText(/System Settings, Privacy & Security, Full Disk Access/);
    screen.getByText("assistant-agent doctor");
    await expectAccessible();
  });

  test("that was not heard for days is told to be asleep, without alarm", async () => {
    const server = serveWell();
    const lastSyncAt = new Date(Date.now() - 3 * 86_400_000).toISOString();
    server.answer("GET /api/devices", () => ({ devices: [{ ...MAC, lastSyncAt }] }));
    renderApp("/devices");

    await screen.findByText("Perhaps asleep");
    screen.getByText(/^Last synced 3 days ago\. The Mac may be asleep/);
    expect(screen.queryByRole("alert")).toBeNull();
    await expectAccessible();
  });

  test("is renamed in place", async () => {
    const server = serveWell();
    server.answer("PATCH /api/devices/*", () => ({}));
    const { user } = renderApp("/devices");
    await user.click(await screen.findByRole("button", { name: "Rename Studio Mac" }));

    const field = screen.getByLabelText("New name of Studio Mac");
    await user.clear(field);
    await user.type(field, "Desk Mac{Enter}");

    await waitFor(() => expect(field.isConnected).toBe(false));
    expect(server.sent("PATCH /api/devices/*")).toEqual([{ name: "Desk Mac" }]);
  });

  test("is deactivated only after a question, which may be answered with no", async () => {
    const server = serveWell();
    let device: Device = MAC;
    server.answer("GET /api/devices", () => ({ devices: [device] }));
    server.answer("POST /api/devices/*:deactivate", () => {
      device = { ...MAC, state: "DEVICE_STATE_DEACTIVATED" };
      return { device };
    });
    const { user } = renderApp("/devices");
    await user.click(await screen.findByRole("button", { name: "Deactivate Studio Mac…" }));
    await user.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Keep it" }));
    expect(server.sent("POST /api/devices/*:deactivate")).toEqual([]);

    await user.click(screen.getByRole("button", { name: "Deactivate Studio Mac…" }));
    await expectAccessible();
    await user.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Deactivate" }));

    await screen.findByRole("heading", { name: /^Deactivated/ });
    expect(server.sent("POST /api/devices/*:deactivate")).toHaveLength(1);
  });
});

test("without a Mac the page shows the way to the first draft", async () => {
  const server = serveWell();
  server.answer("GET /api/devices", () => ({}));
  renderApp("/devices");

  await screen.findByRole("heading", { name: "Three steps to your first draft" });

  screen.getByText(`assistant-agent install --server ${window.location.origin}`);
  screen.getByText("assistant-agent doctor");
  screen.getByLabelText("Pairing code");
  await expectAccessible();
});
