// Generates src/gen: the TypeScript types of the contract's messages and of their JSON forms.
//
//   node tooling/gen.mjs           write src/gen
//   node tooling/gen.mjs --check   fail when src/gen is not what the contract says
//
// Types only (`target=dts`): the browser speaks JSON, so no protobuf code reaches the bundle. protoc comes from the
// repository's Python environment, the plugin from node_modules, so that nothing has to be reached over the network.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const root = resolve(web, "..");
const out = join(web, "src", "gen");
const plugin = join(web, "node_modules", ".bin", "protoc-gen-es");
const venv = join(root, ".venv", "bin", "python");
const python = process.env.PYTHON ?? (existsSync(venv) ? venv : "python3");

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

function generate(folder) {
  if (!existsSync(plugin)) throw new Error("protoc-gen-es is not installed; run `npm ci` first");
  const googleapis = execFileSync(
    python,
    [
      "-c",
      "import google.api.annotations_pb2 as a, pathlib; print(pathlib.Path(a.__file__).resolve().parents[2])",
    ],
    { encoding: "utf8" },
  ).trim();
  const proto = join(root, "proto");
  const protos = files(proto).filter((name) => name.endsWith(".proto"));
  execFileSync(python, [
    "-m",
    "grpc_tools.protoc",
    ...[proto, join(root, "third_party"), googleapis].map((path) => `-I${path}`),
    `--plugin=protoc-gen-es=${plugin}`,
    `--es_out=${folder}`,
    "--es_opt=target=dts,json_types=true",
    ...protos,
  ]);
}

function differences(fresh, committed) {
  const names = new Set([...files(fresh), ...files(committed)]);
  return [...names].filter((name) => {
    const [a, b] = [join(fresh, name), join(committed, name)];
    return !existsSync(a) || !existsSync(b) || readFileSync(a, "utf8") !== readFileSync(b, "utf8");
  });
}

const fresh = mkdtempSync(join(tmpdir(), "web-gen-"));
try {
  generate(fresh);
  if (process.argv.includes("--check")) {
    const stale = differences(fresh, out);
    if (stale.length > 0) {
      console.error(`${relative(root, out)} is not fresh; run \`npm run gen\`:\n  ${stale.join("\n  ")}`);
      process.exitCode = 1;
    }
  } else {
    rmSync(out, { recursive: true, force: true });
    cpSync(fresh, out, { recursive: true });
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
