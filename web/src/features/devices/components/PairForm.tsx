/** Pairing a Mac: the owner types the digits that the Mac shows. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { Notice } from "@/components/ui/Notice";
import { devicesQuery } from "@/lib/queries/devices";
import { codeProblem, useApproveDevice } from "../api/devices";
import { CODE_LENGTH, CodeInput } from "./CodeInput";

interface PairFormProps {
  className: string;
  labelledBy: string;
  children?: ReactNode;
}

export function PairForm({ className, labelledBy, children }: PairFormProps) {
  const approve = useApproveDevice();
  const triesLeft = useQuery(devicesQuery).data?.approvalTriesLeft;
  const [code, setCode] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const help = useId();
  const complete = code.length === CODE_LENGTH;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!complete || approve.isPending) return;
    approve.mutate(code, {
      onSuccess: () => setCode(""),
      onError: () => input.current?.select(),
    });
  };
  const change = (next: string) => {
    setCode(next);
    if (!approve.isIdle && !approve.isPending) approve.reset();
  };

  const problem = approve.isError ? codeProblem(approve.error, triesLeft) : "";
  const name = approve.data?.device?.name;
  return (
    <form className={className} aria-labelledby={labelledBy} onSubmit={submit}>
      {children}
      <div>
        <CodeInput ref={input} value={code} onChange={change} invalid={problem !== ""} describedBy={help} />
        <div className="left">
          <p id={help} className={problem ? "help bad grow" : "grow"} role={problem ? "alert" : undefined}>
            {problem ? (
              <>
                <Icon name="alert" />
                {problem}
              </>
            ) : (
              "It works for 10 minutes"
            )}
          </p>
          <Button kind="primary" type="submit" unavailable={!complete} waiting={approve.isPending}>
            Approve
          </Button>
        </div>
      </div>
      {approve.isSuccess && (
        <Notice tone="good">
          <b>
            <bdi>{name || "The Mac"}</bdi> is approved.
          </b>{" "}
          It collects its key within a few seconds, and its messages follow.
        </Notice>
      )}
    </form>
  );
}
