/** How things are, in three lines at most: the Mac, the model, the queue. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Dot, type DotTone } from "@/components/ui/Dot";
import type { Device, ModelStatus } from "@/lib/api/types";
import { useNow } from "@/lib/now";
import { devicesQuery, latestMac } from "@/lib/queries/devices";
import { modelQuery, modelWords } from "@/lib/queries/model";
import { ago } from "@/lib/time";
import { counted } from "@/lib/words";

interface Line {
  tone: DotTone;
  words: string;
}

export function Status() {
  const devices = useQuery(devicesQuery);
  const model = useQuery(modelQuery);
  const now = useNow(1);
  const mac = devices.data && macLine(latestMac(devices.data.devices ?? []), now);
  const state = model.data ? modelWords(model.data) : model.isError ? MODEL_UNKNOWN : undefined;
  const queue = model.data && queueLine(model.data);
  return (
    <div className="status">
      {/* Said when a part changes between well and unwell; the ages above tick in silence. */}
      <p className="sr" role="status">
        {[devices.data && macTrouble(latestMac(devices.data.devices ?? [])), trouble(state)]
          .filter(Boolean)
          .join(". ")}
      </p>
      {mac && (
        <Link to="/devices" title={mac.words}>
          <Dot tone={mac.tone} />
          <span className="clip">{mac.words}</span>
        </Link>
      )}
      {state && (
        <Link to="/settings" title={state.words}>
          <Dot tone={state.tone} />
          <span className="clip">{state.words}</span>
          {model.data && <small className="clip">{modelName(model.data)}</small>}
        </Link>
      )}
      {queue && (
        <Link to="/settings" title={queue.words}>
          <Dot tone={queue.tone} />
          <span className="clip">{queue.words}</span>
        </Link>
      )}
    </div>
  );
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
  return { tone: "ok", words: `${mac.name}, ${ago(new Date(mac.lastSyncAt), now)}` };
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
