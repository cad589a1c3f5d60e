/** Macs in every state that there is. */
import type { Device } from "../src/lib/api/types";
import { before, DAY, HOUR, uuid } from "./fake-said.ts";

const MAC: Device = {
  platform: "macos",
  osVersion: "15.5",
  verified: true,
  state: "DEVICE_STATE_ACTIVE",
  agentVersion: "0.4.2",
  health: "DEVICE_HEALTH_OK",
  messageCount: "48210",
  conversationCount: "312",
};

export function devices(): Device[] {
  const mac = (name: string, paired: number, synced: number | undefined, more: Partial<Device> = {}) => ({
    ...MAC,
    deviceId: uuid(),
    name,
    createdAt: before(paired * DAY),
    ...(synced !== undefined && { lastSyncAt: before(synced) }),
    ...more,
  });
  return [
    mac("Studio Mac", 100, 12_000),
    mac("Travel Mac", 50, 3 * DAY, {
      osVersion: "14.7",
      agentVersion: "0.4.0",
      health: "DEVICE_HEALTH_CANNOT_READ",
      messageCount: "45977",
      conversationCount: "309",
    }),
    mac("Kitchen Mac", 30, 3 * DAY + HOUR),
    mac("Reading Mac", 20, 2 * HOUR, { health: "DEVICE_HEALTH_PAUSED" }),
    mac("Attic Mac", 12, 40_000, {
      health: "DEVICE_HEALTH_WARNING",
      healthMessage:
        "Its clock is 4 minutes ahead of the server’s. Turn on “Set time and date automatically” there.",
    }),
    mac("New Mac", 0, undefined, {
      agentVersion: "",
      health: "DEVICE_HEALTH_UNSPECIFIED",
      messageCount: "0",
      conversationCount: "0",
    }),
    mac("Old laptop", 300, 81 * DAY, {
      state: "DEVICE_STATE_DEACTIVATED",
      deactivatedAt: before(80 * DAY),
    }),
  ];
}
