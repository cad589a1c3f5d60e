/** The theme: the system's, unless the reader chose one. first-paint.js applies it before the first paint. */
import { signal } from "./signal";
import { readSetting, writeSetting } from "./store";

export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];

const kept = readSetting("theme");
export const theme = signal<Theme>(kept === "light" || kept === "dark" ? kept : "system");

export function chooseTheme(next: Theme): void {
  theme.set(next);
  writeSetting("theme", next === "system" ? null : next);
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}
