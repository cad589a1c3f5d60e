/** How the Mac, the model and the queue are, as lines: for the rail, and for the banner of a phone. */
import { useQuery } from "@tanstack/react-query";
import type { DotTone } from "@/components/ui/Dot";
import type { Device, ModelStatus } from "@/lib/api/types";
import { useNow } from "@/lib/now";
import { devicesQuery, isQuiet, latestMac } from "@/lib/queries/devices";
import { modelQuery, modelWords } from "@/lib/queries/model";
import { ago } from "@/lib/time";
import { counted } from "@/lib/words";

export interface Line {
  tone: DotTone;
  words: string;
  more?: string;
}

export function useStatusLines() {
  const devices = useQuery(devicesQuery);
  const model = useQuery(modelQuery);
  const now = useNow(1);
  const newest = devices.data && latestMac(devices.data.devices ?? []);
  const mac = devices.data && macLine(newest, now);
  const state = model.data
    ? { ...modelWords(model.data), more: modelName(model.data) }
    : model.isError
      ? MODEL_UNKNOWN
      : undefined;
  return {
    mac,
    model: state,
    queue: model.data && queueLine(model.data),
    /** What is not well, in words that stay the same while it is so. */
    troubles: [macTrouble(newest), trouble(state)].filter(Boolean).join(". "),
  };
}

const MODEL_UNKNOWN: Line = { tone: "bad", words: "Model does not answer" };

const TROUBLES: Record<string, string> = {
  DEVICE_HEALTH_CANNOT_READ: "cannot read",
  DEVICE_HEALTH_WARNING: "worth a look",
  DEVICE_HEALTH_PAUSED: "paused",
};

function macTrouble(mac: Device | undefined): string {
  const words = TROUBLES[mac?.health ?? ""];
  return mac && words ? `${mac.name}, ${words}` : "";
}

function macLine(mac: Device | undefined, now: Date): Line {
  if (!mac) return { tone: "off", words: "No Mac yet" };
  const trouble = macTrouble(mac);
  if (trouble) return { tone: mac.health === "DEVICE_HEALTH_PAUSED" ? "off" : "warn", words: trouble };
  if (!mac.lastSyncAt) return { tone: "busy", words: `${mac.name}, first sync` };
  const words = `${mac.name}, ${ago(new Date(mac.lastSyncAt), now)}`;
  return { tone: isQuiet(mac, now) ? "off" : "ok", words };
}

function modelName(model: ModelStatus): string {
  return [model.displayName || model.modelId, model.adapter].filter(Boolean).join(", ");
}

function queueLine(model: ModelStatus): Line | undefined {
  const drafts = (model.queued ?? 0) + (model.running ?? 0);
  return drafts > 0 ? { tone: "busy", words: `${counted(drafts, "draft")} in the queue` } : undefined;
}

function trouble(line: Line | undefined): string {
  return line && (line.tone === "bad" || line.tone === "warn") ? line.words : "";
}
