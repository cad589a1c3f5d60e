/** Every text colour on every ground it stands on reaches 4.5:1, and every border of a control 3:1, in both themes. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync("src/styles/tokens.css", "utf8");
const avatars = readFileSync("src/styles/components.css", "utf8");

type Theme = 0 | 1;

function token(name: string, theme: Theme): string {
  const pair = new RegExp(`--${name}:\\s*light-dark\\((#\\w{6}), (#\\w{6})\\)`, "i").exec(css);
  if (!pair) throw new Error(`no token --${name}`);
  return pair[theme + 1]!;
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

const GROUNDS = ["bg", "surface", "raised", "sunken", "hover", "selected", "in", "out"];
const TEXT: [string, string[]][] = [
  ["ink", [...GROUNDS, "accent-soft", "warn-soft", "danger-soft", "mark"]],
  ["ink-2", [...GROUNDS, "accent-soft"]],
  ["ink-3", ["bg", "surface", "raised", "sunken", "hover", "selected", "out", "accent-soft"]],
  ["accent-ink", ["bg", "surface", "raised", "selected", "accent-soft"]],
  ["on-accent", ["accent", "accent-hover"]],
  ["on-danger", ["danger"]],
  ["warn", ["surface", "raised", "warn-soft"]],
  ["danger", ["surface", "raised", "danger-soft"]],
  ["add-ink", ["add-soft"]],
  ["del-ink", ["del-soft"]],
  ["tip-ink", ["tip"]],
];
const BORDERS: [string, string[]][] = [
  ["control", ["bg", "surface", "raised"]],
  ["focus", ["bg", "surface", "raised"]],
];

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("in the %s theme", (_name, theme) => {
  const pairs = (table: [string, string[]][]) =>
    table.flatMap(([ink, grounds]) => grounds.map((on) => [ink, on]));

  test.each(pairs(TEXT))("text %s on %s", (ink, on) => {
    expect(contrast(token(ink!, theme), token(on!, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(pairs(BORDERS))("border %s on %s", (line, on) => {
    expect(contrast(token(line!, theme), token(on!, theme))).toBeGreaterThanOrEqual(3);
  });

  test("letters of avatars on each of their grounds", () => {
    const grounds = [...avatars.matchAll(/\.avatar\.\w \{\s*background: light-dark\((#\w{6}), (#\w{6})\)/gi)];
    expect(grounds).toHaveLength(3);
    for (const ground of grounds) {
      expect(contrast(token("ink-2", theme), ground[theme + 1]!)).toBeGreaterThanOrEqual(4.5);
    }
  });
});
