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
          <li>
            On that Mac, run <code>assistant-agent doctor</code>. It prints the path of the program that needs
            the permission.
          </li>
          <li>
            In System Settings, Privacy &amp; Security, Full Disk Access, add that program and turn it on.
          </li>
          <li>
            Run <code>assistant-agent install</code>: a permission holds from the agent&rsquo;s next start on.
          </li>
        </ol>
      )}
    </>
  );
}
