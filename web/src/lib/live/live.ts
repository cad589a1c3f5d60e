/** Whether the server tells what changes, so that it need not be asked all the time. */
import { signal } from "@/lib/signal";

export const live = signal(false);
