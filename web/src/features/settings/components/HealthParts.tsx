/** The parts of the installation at a glance. */
import { useQuery } from "@tanstack/react-query";
import { Dot, type DotTone } from "@/components/ui/Dot";
import { Failed } from "@/components/ui/Empty";
import type { PartStatus } from "@/lib/api/types";
import { useNow } from "@/lib/now";
import { ago } from "@/lib/time";
import { healthQuery } from "../api/health";

const NAMES: Record<string, string> = {
  device_svc: "Accounts and devices",
  sync_svc: "Sync",
  inference_svc: "Drafting",
  training_svc: "Training",
  worker: "Model worker",
  postgres: "Database",
  redis: "Queue",
};

const STATES: Record<PartStatus, { tone: DotTone; words: string }> = {
  PART_STATUS_SERVING: { tone: "ok", words: "ready" },
  PART_STATUS_NOT_SERVING: { tone: "warn", words: "up, but cannot work yet" },
  PART_STATUS_UNREACHABLE: { tone: "bad", words: "does not answer" },
  PART_STATUS_UNSPECIFIED: { tone: "off", words: "not known" },
};

export function HealthParts() {
  const query = useQuery(healthQuery);
  const now = useNow(1);
  const health = query.data;
  return (
    <section>
      <h2>Health and about</h2>
      <p className="small faint">
        {health
          ? `Version ${health.version || "unknown"}, checked ${ago(new Date(query.dataUpdatedAt), now)}.`
          : "Checking."}
      </p>
      {query.isError && !health && <Failed what="Health" retry={() => query.refetch()} />}
      {health && (
        <ul className="card parts">
          {(health.parts ?? []).map((part) => {
            const state = STATES[part.status ?? "PART_STATUS_UNSPECIFIED"];
            return (
              <li key={part.name}>
                <Dot tone={state.tone} />
                {NAMES[part.name ?? ""] ?? part.name}
                <small>{state.words}</small>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
