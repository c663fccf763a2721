// The process that reads hostile pickles, in which everything that does something is trapped; started by promises.test.ts, without permission to write or to
// start programs. It says in a line of JSON what was touched. Before, each trap is tried: one that does not notice a call proves nothing.
import childProcess from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import vm from "node:vm";
import workers from "node:worker_threads";
import { assert, asyncProperty, constantFrom } from "fast-check";
import { outcomeOf, type ReaderName } from "../hostile/readers.ts";
import { hostilePickles } from "./hostile-pickles.ts";

const readers: readonly ReaderName[] = ["pickle", "torch-pickle", "legacy-pickle", "paddle", "lightning"];
const runs = Number(process.argv[2]);
const report = { runs: 0, read: 0, refused: 0, traps: 0, touched: [] as string[], problem: "" };

// Whatever is loaded when it is needed is loaded before the traps are set: a reader's own modules, and what they name.
for (const reader of readers) await outcomeOf(reader, { "data.pkl": Uint8Array.of(0x80, 2, 0x7d, 0x2e) }, "data.pkl");
const packages = new URL("../../packages/", import.meta.url);
for (const name of ["core", "pickle", "safetensors", "container-safetensors", "adapter-torch", "adapter-paddle", "adapter-lightning"]) {
  const folder = new URL(`${name}/src/`, packages);
  for (const path of fs.readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (path.endsWith(".ts") && !path.includes(".test.") && !path.startsWith("testing"))
      for (const [, wanted = ""] of fs.readFileSync(new URL(path, folder), "utf8").matchAll(/\bimport\(\s*"(\.[^"]+)"/g))
        await import(new URL(wanted, new URL(path, folder)).href);
}

class Trapped extends Error {}

const pulls: (() => unknown)[] = [];
function trap(owner: object, name: string): void {
  const pull = (): never => {
    report.touched.push(name);
    throw new Trapped(name);
  };
  // What asks whether something is an instance of it goes on as before.
  Reflect.defineProperty(pull, "prototype", { value: Reflect.get(Object(Reflect.get(owner, name)), "prototype") });
  Reflect.defineProperty(owner, name, { value: pull, configurable: true, writable: true });
  pulls.push(() => (Reflect.get(owner, name) as () => unknown)());
}

const writing =
  /^(write|append|mkdir|mkdtemp|rm|unlink|rename|copyFile|cp|symlink|link|truncate|chmod|chown|utimes|createWriteStream|opendir|open$|openSync)/;
for (const [owner, wanted] of [
  [childProcess, /^(spawn|exec|fork)/],
  [fs, writing],
  [fs.promises, writing],
  [net, /^(connect|createConnection|createServer)$/],
  [net.Socket.prototype, /^connect$/],
  [dns, /^(lookup|resolve)/],
  [dgram, /^createSocket$/],
  [http, /^(request|get|createServer)$/],
  [https, /^(request|get|createServer)$/],
  [vm, /^(run|compileFunction)/],
  [workers, /^Worker$/],
  [process, /^(exit|kill|abort|dlopen|binding|chdir|setuid)$/],
  [globalThis, /^(eval|fetch|Function|WebSocket|EventSource)$/],
  [Function.prototype, /^constructor$/],
] as const) {
  for (const name of Object.getOwnPropertyNames(owner)) if (wanted.test(name)) trap(owner, name);
}
syncBuiltinESMExports();
for (const pull of pulls) {
  const before = report.touched.length;
  try {
    pull();
  } catch {}
  if (report.touched.length === before + 1) report.traps++;
}
// By their names in modules, too, as a reader would call them.
const { spawnSync } = await import("node:child_process");
const noticed = report.touched.length;
try {
  spawnSync("true");
} catch {}
if (report.touched.length !== noticed + 1 || report.traps !== pulls.length) report.problem = "a trap does not notice that it is called";
report.touched.length = 0;

const inherited = (): string =>
  [Object.prototype, Array.prototype, Function.prototype, Promise.prototype, Map.prototype]
    .map((own) => Reflect.ownKeys(own).map(String).join())
    .join("|");
const before = inherited();

const property = asyncProperty(constantFrom(...readers), hostilePickles, async (reader, pickle) => {
  report.runs++;
  const outcome = await outcomeOf(reader, { "data.pkl": pickle }, "data.pkl");
  if ("refused" in outcome) report.refused++;
  else report.read++;
  if (report.touched.length > 0) throw new Error(`calls ${report.touched.join(", ")}`);
  if (inherited() !== before) throw new Error("changes what objects inherit");
});
await assert(property, { numRuns: runs, seed: 1 }).catch((error: unknown) => {
  report.problem = error instanceof Error ? error.message : String(error);
});
process.stdout.write(`${JSON.stringify(report)}\n`);
