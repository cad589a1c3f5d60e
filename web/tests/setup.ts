/** What jsdom lacks and the tests need, and a clean slate after each. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import { offline, sessionsLost } from "@/lib/api/client";
import { live } from "@/lib/live/live";
import { chooseSuggestions } from "@/lib/preferences";
import { chooseTheme } from "@/lib/theme";

configure({ asyncUtilTimeout: 5_000 });

// jsdom knows <dialog>, but not how to open one.
HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
  this.querySelector<HTMLElement>("input, button")?.focus();
};
HTMLDialogElement.prototype.close = function close() {
  this.open = false;
};
// axe asks for a canvas to look at icon fonts, of which there are none.
HTMLCanvasElement.prototype.getContext = () => null;
Element.prototype.scrollIntoView = vi.fn();
window.scrollTo = vi.fn() as typeof window.scrollTo;

// Nothing is laid out here, so nothing comes into view by itself: the buttons do what the scrolling would.
vi.stubGlobal(
  "IntersectionObserver",
  class {
    observe() {}
    disconnect() {}
  },
);

let narrow = false;

/** As wide as a desktop unless a test says otherwise. */
export function narrowScreen(): void {
  narrow = true;
}

window.matchMedia = ((query: string) => ({
  matches: query.includes("max-width") && narrow,
  media: query,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
})) as unknown as typeof window.matchMedia;

beforeEach(() => {
  narrow = false;
});

afterEach(() => {
  cleanup();
  localStorage.clear();
  sessionStorage.clear();
  chooseTheme("system");
  chooseSuggestions(1);
  offline.set(false);
  sessionsLost.set(0);
  live.set(false);
});
