/** How a Mac is, in words. */
import type { DotTone } from "@/components/ui/Dot";
import type { Device } from "@/lib/api/types";
import { isQuiet } from "@/lib/queries/devices";
import { ago } from "@/lib/time";

export interface DeviceHealthWords {
  tone: DotTone;
  words: string;
  /** What its owner could do about it. */
  advice: string;
  /** Full Disk Access is what is missing. */
  needsAccess?: boolean;
}

const CANNOT_READ =
  "The agent cannot read Messages. On the Mac, allow it Full Disk Access; sync then resumes by itself.";
const PAUSED = "Paused on the Mac. Resume it there; what was written in the meantime is then brought.";
const WARNING = "The agent works, but it says that something is worth a look. Its log on the Mac has more.";
const SILENT =
  "Paired, but its agent has not reported yet. On the Mac, start it with assistant-agent install.";

export function healthOf(device: Device, now: Date): DeviceHealthWords {
  if (device.state === "DEVICE_STATE_APPROVED") {
    return { tone: "busy", words: "Collecting its key", advice: "" };
  }
  const told = device.healthMessage?.trim() ?? "";
  switch (device.health) {
    case "DEVICE_HEALTH_CANNOT_READ": {
      const advice = told || CANNOT_READ;
      return { tone: "warn", words: "Cannot read", advice, needsAccess: /full disk access/i.test(advice) };
    }
    case "DEVICE_HEALTH_PAUSED":
      return { tone: "off", words: "Paused", advice: told || PAUSED };
    case "DEVICE_HEALTH_WARNING":
      return { tone: "warn", words: "Worth a look", advice: told || WARNING };
    case "DEVICE_HEALTH_OK":
      return isQuiet(device, now) ? quiet(device, now) : { tone: "ok", words: "All well", advice: "" };
    default:
      if (isQuiet(device, now)) return quiet(device, now);
      return { tone: "off", words: "Not heard yet", advice: device.lastSyncAt ? "" : SILENT };
  }
}

/** What it said last may no longer be so. */
function quiet(device: Device, now: Date): DeviceHealthWords {
  const when = ago(new Date(device.lastSyncAt ?? 0), now);
  const advice = `Last synced ${when}. The Mac may be asleep or away; it catches up by itself when it is back.`;
  return { tone: "off", words: "Perhaps asleep", advice };
}

/** "macOS 15.5"; a version that names its system itself is left as it is. */
export function systemName(device: Device): string {
  const system = device.platform === "linux" ? "Linux" : "macOS";
  const version = device.osVersion ?? "";
  return version.toLowerCase().includes(system.toLowerCase()) ? version : `${system} ${version}`.trim();
}
