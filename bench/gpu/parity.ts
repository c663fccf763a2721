// A program of the GPU archive: the recorded cases of transformers (fixtures/forward) in both precisions, and how far we are from them.
// Options: --cases TEXT (a regular expression that names must match), --output FILE.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { buildGraph } from "@longspan/core/graph";
import { webgpu } from "@longspan/runtime-webgpu";
import { forwardEntries, loadForwardCase } from "../../tests/forward-cases.ts";
import { comparableOutputs, maxDifference, runForwardCase } from "../../tests/forward-parity.ts";

/** On every output of every case. */
const allowed = { float32: 1e-4, float16: 2e-2 } as const;

const { values: options } = parseArgs({ options: { cases: { type: "string", default: "" }, output: { type: "string" } } });
const entries = (await forwardEntries()).filter(({ name }) => new RegExp(options.cases).test(name));
await using runtime = webgpu();
// A session that stands keeps the device, and what is compiled for it.
const nothing = buildGraph("nothing", (builder) => builder.output("x", builder.input("x", "float32", ["length"])));
await using standing = await runtime.prepare(nothing, new Map());
const results: { precision: string; cases: number; largest: number; of: string; beyond: string[] }[] = [];
for (const precision of ["float32", "float16"] as const) {
  let [largest, of] = [0, ""];
  const beyond: string[] = [];
  for (const entry of entries) {
    try {
      const forward = await loadForwardCase(entry);
      const actual = await runForwardCase(runtime, entry, forward, { dataType: precision });
      for (const [name, expected] of Object.entries(comparableOutputs(forward, actual))) {
        const difference = maxDifference(actual[name], expected);
        if (difference > largest) [largest, of] = [difference, `${name} of ${entry.name}`];
        if (difference > allowed[precision]) beyond.push(`${name} of ${entry.name}: ${difference.toExponential(2)}`);
      }
    } catch (error) {
      beyond.push(`${entry.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  results.push({ precision, cases: entries.length, largest, of, beyond });
  console.log(
    `${precision} on ${standing.device}: ${entries.length} cases, largest difference from transformers ${largest.toExponential(2)} (${of}); allowed ${allowed[precision]}`,
  );
  for (const line of beyond) console.log(`  BEYOND ${line}`);
}
if (options.output !== undefined) await writeFile(options.output, JSON.stringify(results));
process.exitCode = results.some(({ beyond }) => beyond.length > 0) ? 1 : 0;
