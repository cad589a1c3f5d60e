import { describe, expect, test } from "vitest";
import type { Device } from "@/lib/api/types";
import { healthOf } from "./device-words";

const now = new Date("2025-06-13T10:42:00Z");
const SOON: Device = { state: "DEVICE_STATE_ACTIVE", lastSyncAt: "2025-06-13T10:41:00Z" };
const LONG_AGO: Device = { ...SOON, lastSyncAt: "2025-06-10T10:41:00Z" };

describe("the health of a Mac", () => {
  test.each<[Device, string, string]>([
    [{ ...SOON, health: "DEVICE_HEALTH_OK" }, "ok", "All well"],
    [{ ...LONG_AGO, health: "DEVICE_HEALTH_OK" }, "off", "Perhaps asleep"],
    [{ ...LONG_AGO }, "off", "Perhaps asleep"],
    [{ ...SOON, health: "DEVICE_HEALTH_PAUSED" }, "off", "Paused"],
    [{ ...LONG_AGO, health: "DEVICE_HEALTH_PAUSED" }, "off", "Paused"],
    [{ ...SOON, health: "DEVICE_HEALTH_CANNOT_READ" }, "warn", "Cannot read"],
    [{ ...SOON, health: "DEVICE_HEALTH_WARNING" }, "warn", "Worth a look"],
    [{ state: "DEVICE_STATE_ACTIVE" }, "off", "Not heard yet"],
    [{ state: "DEVICE_STATE_APPROVED" }, "busy", "Collecting its key"],
  ])("%j is %s: %s", (device, tone, words) => {
    expect(healthOf(device, now)).toMatchObject({ tone, words });
  });

  test("comes with what to do, in the agent's own words where it has some", () => {
    const advice = (device: Device) => healthOf({ ...SOON, ...device }, now).advice;

    expect(advice({ health: "DEVICE_HEALTH_OK" })).toBe("");
    expect(advice({ health: "DEVICE_HEALTH_PAUSED" })).toMatch(/^Paused on the Mac\. Resume it there/);
    expect(advice({ health: "DEVICE_HEALTH_CANNOT_READ" })).toMatch(/Full Disk Access/);
    expect(advice({ health: "DEVICE_HEALTH_CANNOT_READ", healthMessage: "It is locked" })).toBe(
      "It is locked",
    );
    expect(advice({ health: "DEVICE_HEALTH_WARNING" })).toMatch(/log on the Mac/);
    expect(advice({ health: "DEVICE_HEALTH_WARNING", healthMessage: "Its clock is off" })).toBe(
      "Its clock is off",
    );
    expect(healthOf({ ...LONG_AGO, health: "DEVICE_HEALTH_OK" }, now).advice).toMatch(
      /^Last synced 3 days ago\. The Mac may be asleep/,
    );
    expect(healthOf({ state: "DEVICE_STATE_ACTIVE" }, now).advice).toMatch(/assistant-agent install/);
  });

  test("points to Full Disk Access only where that is missing", () => {
    const cannot: Device = { ...SOON, health: "DEVICE_HEALTH_CANNOT_READ" };

    expect(healthOf(cannot, now).needsAccess).toBe(true);
    expect(healthOf({ ...cannot, healthMessage: "The file is damaged" }, now).needsAccess).toBe(false);
  });
});
