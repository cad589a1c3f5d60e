/** How the model is. Read by the rail, the settings, and a draft that waits for it. */
import { queryOptions } from "@tanstack/react-query";
import { get } from "@/lib/api/client";
import type { ModelStatus } from "@/lib/api/types";

export const modelQuery = queryOptions({
  queryKey: ["model"],
  queryFn: ({ signal }) => get<ModelStatus>("/api/models/status", {}, signal),
  // While it loads, somebody watches the bar.
  refetchInterval: (query) => (query.state.data?.state === "MODEL_STATE_LOADING" ? 1_000 : 5_000),
});

export interface ModelWords {
  tone: "ok" | "busy" | "warn" | "bad";
  words: string;
}

/** One short line about the model. */
export function modelWords(model: ModelStatus): ModelWords {
  switch (model.state) {
    case "MODEL_STATE_READY":
      return { tone: "ok", words: "Model ready" };
    case "MODEL_STATE_LOADING":
      return { tone: "busy", words: `Model loading, ${Math.round(Number(model.loadProgress ?? 0) * 100)} %` };
    case "MODEL_STATE_FAILED":
      return { tone: "bad", words: "Model could not be loaded" };
    case "MODEL_STATE_NOT_INSTALLED":
      return { tone: "warn", words: "Model is not installed" };
    case "MODEL_STATE_INSTALLED":
      return { tone: "warn", words: "Model is not loaded" };
    default:
      return { tone: "bad", words: "Model does not answer" };
  }
}
