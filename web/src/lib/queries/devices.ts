/** The account's Macs. Read by their own page and by the status in the rail. */
import { queryOptions } from "@tanstack/react-query";
import { get } from "@/lib/api/client";
import type { Device, DeviceList } from "@/lib/api/types";

export const devicesQuery = queryOptions({
  queryKey: ["devices"],
  queryFn: ({ signal }) => get<DeviceList>("/api/devices", { pageSize: 200 }, signal),
  refetchInterval: 5_000,
});

export function isActive(device: Device): boolean {
  return device.state !== "DEVICE_STATE_DEACTIVATED";
}

/** The active Mac that synced last, or the first that never did. */
export function latestMac(devices: readonly Device[]): Device | undefined {
  const synced = (device: Device) => (device.lastSyncAt ? Date.parse(device.lastSyncAt) : 0);
  return devices.filter(isActive).sort((a, b) => synced(b) - synced(a))[0];
}

const QUIET_MS = 6 * 3_600_000;

/** No sync for so long that the Mac is most likely asleep: an agent that runs looks every few minutes. */
export function isQuiet(device: Device, now: Date): boolean {
  return device.lastSyncAt !== undefined && now.getTime() - Date.parse(device.lastSyncAt) > QUIET_MS;
}
