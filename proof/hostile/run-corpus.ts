// Reads the whole corpus in a process that may do nothing else, and says how it went: one line of JSON for each case. Started by corpus.test.ts,
// with Node's permissions for reading the sources and nothing else: no writing, no processes, no threads, no native code.
import dns from "node:dns";
import fs from "node:fs";
import net from "node:net";
import { corpus } from "../../fixtures/hostile/corpus.ts";
import { checkCase } from "./check-case.ts";
import type { CaseReport } from "./corpus.test.ts";

const touched: string[] = [];
const forbid = (object: object, method: string): void => {
  Reflect.set(object, method, () => {
    touched.push(method);
    throw new Error(`the corpus calls ${method}`);
  });
};
forbid(net.Socket.prototype, "connect");
forbid(dns, "lookup");
forbid(globalThis, "fetch");
// The permission is for what programs are made of: modules are loaded when they are needed. No file of another kind is looked at
// (but for what the system says of this process).
for (const [object, methods] of [
  [fs, ["openSync", "readFileSync", "open", "readFile", "createReadStream", "readdirSync", "readdir"]],
  [fs.promises, ["open", "readFile", "readdir"]],
] as const) {
  for (const method of methods) {
    const original: (...args: unknown[]) => unknown = Reflect.get(object, method);
    Reflect.set(object, method, (...args: unknown[]) => {
      if (!/\.([cm]?[jt]s|json|wasm)$|^\/proc\/self\/limits$/.test(String(args[0]))) touched.push(`${method} of ${String(args[0])}`);
      return Reflect.apply(original, object, args);
    });
  }
}

/** What all objects have: each name, symbols among them, and what stands under it. */
const inherited = (): ReadonlyMap<string, unknown> =>
  new Map(
    // Not Map's: pdf.js brings methods of newer engines along when it is loaded.
    [Object.prototype, Array.prototype, Function.prototype, String.prototype, Number.prototype].flatMap((own, index) =>
      Reflect.ownKeys(own)
        // Of functions, what a strict one may not be asked for.
        .filter((key) => key !== "caller" && key !== "arguments")
        .map((key): [string, unknown] => {
          const { value, get, set } = Object.getOwnPropertyDescriptor(own, key) ?? {};
          return [`${index} ${String(key)}`, value ?? get ?? set];
        }),
    ),
  );
const before = inherited();
const isUnchanged = (): boolean => {
  const now = inherited();
  return now.size === before.size && [...before].every(([key, value]) => now.has(key) && Object.is(now.get(key), value));
};
const mebibyte = 2 ** 20;

/** Above this much that the process has, the garbage of the cases before is collected. */
const mostGarbage = 300 * mebibyte;
const slow = 800;
/** The most that the process has had so far. */
const peak = (): number => process.resourceUsage().maxRSS / 1024;

for (const each of corpus) {
  // What making the files takes is not counted.
  const files = await each.files();
  if (process.memoryUsage.rss() > mostGarbage) globalThis.gc?.();
  const peakBefore = peak();
  const room = process.memoryUsage.rss() / mebibyte;
  let problem = "";
  let milliseconds = Number.POSITIVE_INFINITY;
  // Another program on the same core makes every instruction slower: what is slow is tried again.
  for (let tries = 0; tries < 3 && milliseconds > slow; tries++) {
    const start = process.threadCpuUsage();
    problem = await checkCase({ ...each, files: () => files });
    const { user, system } = process.threadCpuUsage(start);
    milliseconds = Math.min(milliseconds, (user + system) / 1000);
  }
  const grown = peak() > peakBefore ? peak() - room : 0;
  const report: CaseReport = {
    id: `${each.reader}: ${each.id}`,
    problem: [
      problem,
      touched.length === 0 ? "" : `calls ${touched.splice(0).join(", ")}`,
      isUnchanged() ? "" : "changes what objects inherit",
    ].join(""),
    milliseconds,
    mebibytes: grown,
  };
  console.log(JSON.stringify(report));
}
