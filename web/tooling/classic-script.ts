/** Lets index.html name one script that is no module: hashed under /assets/ like everything else. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Plugin } from "vite";

/** Vite bundles modules only, and leaves a classic script's tag pointing at its source. */
export function classicScript(path: string): Plugin {
  let reference = "";
  let built = "";
  return {
    name: "classic-script",
    apply: "build",
    enforce: "pre",
    buildStart() {
      const source = readFileSync(new URL(`..${path}`, import.meta.url), "utf8");
      reference = this.emitFile({ type: "asset", name: basename(path), source });
    },
    // Before Vite's own step writes the page.
    generateBundle() {
      built = `/${this.getFileName(reference)}`;
    },
    transformIndexHtml: { order: "post", handler: (html) => html.replace(`src="${path}"`, `src="${built}"`) },
  };
}
