/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { fakeApi } from "./dev/fake-api.ts";
import { classicScript } from "./tooling/classic-script.ts";

const API = process.env.ASSISTANT_URL ?? "http://127.0.0.1:8080";
const FAKE = process.env.ASSISTANT_FAKE === "1";

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  plugins: [react(), classicScript("/src/first-paint.js"), ...(FAKE ? [fakeApi()] : [])],
  resolve: { alias: { "@": folder("src"), "@tests": folder("tests") } },
  build: {
    // light-dark() is written as it is: older targets would make the CSS compiler emulate it.
    target: ["chrome123", "firefox128", "safari17.5"],
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // A data: URL would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    proxy: FAKE ? {} : Object.fromEntries(["/api", "/health", "/.well-known"].map((path) => [path, API])),
  },
  test: {
    restoreMocks: true,
    env: { TZ: "UTC" },
    // A page for each file of pure functions would take longer than its tests.
    projects: [
      { extends: true, test: { name: "pure", include: ["src/**/*.test.ts"], environment: "node" } },
      {
        extends: true,
        test: {
          name: "page",
          testTimeout: 20_000,
          include: ["src/**/*.test.tsx"],
          environment: "jsdom",
          setupFiles: ["tests/setup.ts"],
        },
      },
    ],
  },
});
