// Reads the whole corpus in a process that may do nothing else, and says how it went: one line of JSON for each case. Started by corpus.test.ts,
// with Node's permissions for reading the sources and nothing else: no writing, no processes, no threads, no native code.
import dns from "node:dns";
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

// Not Map's: pdf.js brings methods of newer engines along when it is loaded.
const names = (): string =>
  [Object.prototype, Array.prototype, Function.prototype].map((own) => Object.getOwnPropertyNames(own).join()).join();
const before = names();
const mebibyte = 2 ** 20;

/** Above this much that the process has, the garbage of the cases before is collected. */
const mostGarbage = 300 * mebibyte;
/** The most that the process has had so far. */
const peak = (): number => process.resourceUsage().maxRSS / 1024;

for (const each of corpus) {
  // What making the files takes is not counted.
  const files = await each.files();
  if (process.memoryUsage.rss() > mostGarbage) globalThis.gc?.();
  const peakBefore = peak();
  const room = process.memoryUsage.rss() / mebibyte;
  const start = process.threadCpuUsage();
  const problem = await checkCase({ ...each, files: () => files });
  const { user, system } = process.threadCpuUsage(start);
  const grown = peak() > peakBefore ? peak() - room : 0;
  const report: CaseReport = {
    id: `${each.reader}: ${each.id}`,
    problem: [
      problem,
      touched.length === 0 ? "" : `calls ${touched.join(", ")}`,
      names() === before ? "" : "changes what objects inherit",
    ].join(""),
    milliseconds: (user + system) / 1000,
    mebibytes: grown,
  };
  console.log(JSON.stringify(report));
}
