/** A paired Mac: what it is, how it is, and what can be done with it. */
import { useState } from "react";
import { Button, IconButton } from "@/components/ui/Button";
import { Dot } from "@/components/ui/Dot";
import { Icon } from "@/components/ui/Icon";
import type { Device } from "@/lib/api/types";
import { ago, dateWords } from "@/lib/time";
import { count } from "@/lib/words";
import { healthOf, systemName } from "../device-words";
import { DeactivateDialog } from "./DeactivateDialog";
import { HealthNotice } from "./HealthNotice";
import { RenameForm } from "./RenameForm";

export function DeviceCard({ device, now }: { device: Device; now: Date }) {
  const [mode, setMode] = useState<"" | "rename" | "deactivate">("");
  const [open, setOpen] = useState(false);
  const name = device.name ?? "";
  const health = healthOf(device, now);
  return (
    <li className="card dev">
      <div className="h">
        <span className="glyph">
          <Icon name="laptop" />
        </span>
        {mode === "rename" ? (
          <RenameForm id={device.deviceId ?? ""} name={name} onDone={() => setMode("")} />
        ) : (
          <div>
            <h3>
              <bdi>{name}</bdi>
            </h3>
            <p className="small faint">{facts(device, now)}</p>
          </div>
        )}
        {mode !== "rename" && (
          <>
            <IconButton
              className="more"
              icon="more"
              name={`Actions for ${name}`}
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            />
            <span className={open ? "actions open" : "actions"}>
              <Button kind="ghost" aria-label={`Rename ${name}`} onClick={() => setMode("rename")}>
                Rename
              </Button>
              <Button kind="ghost" aria-label={`Deactivate ${name}…`} onClick={() => setMode("deactivate")}>
                Deactivate…
              </Button>
            </span>
          </>
        )}
      </div>
      <dl className="facts">
        <Fact name="Last sync">{device.lastSyncAt ? ago(new Date(device.lastSyncAt), now) : "Not yet"}</Fact>
        <Fact name="Messages">{count(device.messageCount)}</Fact>
        <Fact name="Conversations">{count(device.conversationCount)}</Fact>
        <div>
          <dt>Health</dt>
          <dd className="health">
            <Dot tone={health.tone} />
            {health.words}
          </dd>
        </div>
      </dl>
      {health.advice && <HealthNotice health={health} />}
      {mode === "deactivate" && <DeactivateDialog device={device} onClose={() => setMode("")} />}
    </li>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function facts(device: Device, now: Date): string {
  return [
    systemName(device),
    device.agentVersion && `agent ${device.agentVersion}`,
    device.createdAt && `paired ${dateWords(new Date(device.createdAt), now)}`,
  ]
    .filter(Boolean)
    .join(", ");
}
