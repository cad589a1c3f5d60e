/** What stands in the way of a Mac, or only may, and what its owner can do. */
import { useId, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import type { DeviceHealthWords } from "../device-words";

export function HealthNotice({ health }: { health: DeviceHealthWords }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <Notice
        tone={health.tone === "warn" ? "warn" : "neutral"}
        action={
          health.needsAccess && (
            <Button aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
              Show me how
            </Button>
          )
        }
      >
        <bdi>{health.advice}</bdi>
      </Notice>
      {open && (
        <ol className="how small" id={id}>
          <li>On that Mac, open System Settings, Privacy &amp; Security, Full Disk Access.</li>
          <li>Turn on the app that the agent runs in, for example Terminal.</li>
          <li>Start the agent again if it does not go on by itself.</li>
        </ol>
      )}
    </>
  );
}
