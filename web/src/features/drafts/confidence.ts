/** How sure the model was of its words, as a word. */

export interface Sureness {
  words: "Sure" | "Fairly sure" | "Guessing";
  icon: "bars3" | "bars2" | "bars";
}

export function sureness(confidence: number): Sureness {
  if (confidence >= 0.7) return { words: "Sure", icon: "bars3" };
  if (confidence >= 0.45) return { words: "Fairly sure", icon: "bars2" };
  return { words: "Guessing", icon: "bars" };
}
