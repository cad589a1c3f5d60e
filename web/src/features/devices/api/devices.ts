/** What the owner does with Macs. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { patch, post } from "@/lib/api/client";
import { ApiError, Code } from "@/lib/api/error";
import type { ApproveDeviceResponse, Device } from "@/lib/api/types";
import { devicesQuery } from "@/lib/queries/devices";
import { duration } from "@/lib/time";

/** Ask for the devices again once something was tried: a wrong code changes the number of tries left. */
function useDeviceMutation<Input, Output>(call: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSettled: () => client.invalidateQueries({ queryKey: devicesQuery.queryKey }),
  });
}

export function useApproveDevice() {
  return useDeviceMutation((code: string) => post<ApproveDeviceResponse>("/api/devices/approve", { code }));
}

export function useRenameDevice() {
  return useDeviceMutation(({ id, name }: { id: string; name: string }) =>
    patch<{ device?: Device }>(`/api/devices/${encodeURIComponent(id)}`, { name }),
  );
}

export function useDeactivateDevice() {
  return useDeviceMutation((id: string) =>
    post<{ device?: Device }>(`/api/devices/${encodeURIComponent(id)}:deactivate`, {}),
  );
}

/** Why a code was not taken, for the person who typed it. */
export function codeProblem(error: unknown, triesLeft: number | undefined): string {
  if (!(error instanceof ApiError)) return "Something went wrong here. Reload the page and try again.";
  if (error.code === Code.NOT_FOUND || error.code === Code.INVALID_ARGUMENT) {
    const left = triesLeft ? ` ${triesLeft} ${triesLeft === 1 ? "try" : "tries"} left.` : "";
    return `That is not a code a Mac shows right now.${left}`;
  }
  if (error.code === Code.RESOURCE_EXHAUSTED) {
    return `Too many wrong codes. Try again in ${error.retryAfter ? duration(error.retryAfter) : "a few minutes"}.`;
  }
  if (error.unreachable || error.code === Code.UNAVAILABLE)
    return "Your server does not answer. The code is kept here; try again.";
  return error.message;
}
