/** How a Mac is, in words. */
import type { DotTone } from "@/components/ui/Dot";
import type { Device } from "@/lib/api/types";

export interface DeviceHealthWords {
  tone: DotTone;
  words: string;
  /** What its owner could do about it. */
  advice: string;
}

const CANNOT_READ =
  "The agent cannot read Messages. On the Mac, allow it Full Disk Access; sync then resumes by itself.";

export function healthOf(device: Device): DeviceHealthWords {
  if (device.state === "DEVICE_STATE_APPROVED") {
    return { tone: "busy", words: "Collecting its key", advice: "" };
  }
  switch (device.health) {
    case "DEVICE_HEALTH_OK":
      return { tone: "ok", words: "All well", advice: "" };
    case "DEVICE_HEALTH_CANNOT_READ":
      return { tone: "warn", words: "Cannot read", advice: device.healthMessage || CANNOT_READ };
    case "DEVICE_HEALTH_PAUSED":
      return { tone: "off", words: "Paused", advice: "" };
    case "DEVICE_HEALTH_WARNING":
      return { tone: "warn", words: "Worth a look", advice: device.healthMessage ?? "" };
    default:
      return { tone: "off", words: "Not heard yet", advice: "" };
  }
}

/** "macOS 15.5"; a version that names its system itself is left as it is. */
export function systemName(device: Device): string {
  const system = device.platform === "linux" ? "Linux" : "macOS";
  const version = device.osVersion ?? "";
  return version.toLowerCase().includes(system.toLowerCase()) ? version : `${system} ${version}`.trim();
}
