// `npm run interop -- --mutated N [--seed S] [--only FORMAT]`: N changed files of each format, read by the framework and by us. Where both load one, names,
// types, shapes and bytes are equal; where one does, there is a reason (mutated/reasons.ts). What has none lies in out/mutated/.
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryFileSet } from "@longspan/core";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { onnx } from "@longspan/runtime-ort/onnx";
import { changedFiles, type Format, formats, seedsIn } from "./mutated/changed-files.ts";
import { type FoundTensor, type FrameworkName, type Reading, startFramework, writeSeeds } from "./mutated/framework.ts";
import { onlyOurs, onlyTheirs, reasonFor } from "./mutated/reasons.ts";
import { type OurReading, readOurs, type Refusal } from "./mutated/read-ours.ts";

const found = fileURLToPath(new URL("../out/mutated/", import.meta.url));
const containers = [torch(), paddle(), onnx()].flatMap((adapter) => adapter.containers ?? []);

/** What came of one file: a kind that is counted, with its reason; a problem is a failure. */
interface Comparison {
  readonly kind: "equal" | "both refuse" | "no tensors" | "only ours" | "only theirs" | "not compared" | "different";
  readonly reason?: string | undefined;
  readonly problem?: string | undefined;
}

export interface MutatedOptions {
  readonly count: number;
  readonly seed: number;
  /** Formats whose name has this in it. */
  readonly only: string;
  readonly python: string;
  /** A folder for the files. */
  readonly folder: string;
}

export async function checkMutatedFiles({ count, seed, only, python, folder }: MutatedOptions): Promise<boolean> {
  let failures = 0;
  for (const [name, format] of Object.entries<Format>(formats)) {
    if (!name.includes(only)) continue;
    const place = join(folder, name);
    await mkdir(join(place, "seeds"), { recursive: true });
    if (format.framework === "onnx") writeSeeds(python, "onnx", join(place, "seeds"));
    const framework = await startFramework(python, format.framework);
    const counts = new Map<string, number>();
    /** By what is the matter, without names and numbers: how often, and the first. */
    const problems = new Map<string, { times: number; readonly first: string }>();
    let [files, failed] = [0, 0];
    try {
      for await (const { bytes, beside } of changedFiles(format, count, seed, seedsIn(join(place, "seeds"), format.fileName))) {
        files++;
        const all = { ...beside, [format.fileName]: bytes };
        for (const [file, content] of Object.entries(all)) await writeFile(join(place, file), content);
        const theirs = await framework.read(join(place, format.fileName));
        const ours = await readOurs(memoryFileSet("mutated", all), format.fileName, containers);
        const { kind, reason, problem } = compare(format.framework, theirs, ours);
        const counted = reason === undefined ? kind : `${kind}: ${reason}`;
        counts.set(counted, (counts.get(counted) ?? 0) + 1);
        if (problem === undefined) continue;
        const path = join(found, name.replace(" ", "-"), createHash("sha1").update(bytes).digest("hex").slice(0, 12), format.fileName);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, bytes);
        failed++;
        const alike = `${kind}: ${problem.replaceAll(/"[^"]*"|'[^']*'|\d+/g, "#").slice(0, 120)}`;
        const known = problems.get(alike);
        if (known === undefined) problems.set(alike, { times: 1, first: `${kind}: ${problem}\n               ${path}` });
        else known.times++;
      }
    } finally {
      framework.close();
    }
    failures += failed;
    console.log(`${failed === 0 ? "ok  " : "FAIL"}  ${name}, ${format.framework} ${framework.version}: ${files} files (seed ${seed})`);
    for (const [counted, times] of [...counts].toSorted(([left], [right]) => (left < right ? -1 : 1)))
      console.log(`      ${String(times).padStart(7)}  ${counted}`);
    for (const { times, first } of problems.values()) console.log(`      ${String(times).padStart(7)}  ${first}`);
  }
  return failures === 0;
}

function compare(framework: FrameworkName, theirs: Reading, ours: OurReading): Comparison {
  if ("skipped" in theirs || ours.skipped) return { kind: "not compared" };
  const [firstRefused] = ours.refusedTensors.values();
  const weHaveNone = ours.refused === undefined && ours.tensors.length === 0 && firstRefused === undefined;
  if ("error" in theirs) {
    // Inert data without a tensor is nobody's weights.
    if (ours.refused !== undefined || firstRefused !== undefined || weHaveNone) return { kind: "both refuse" };
    if (ours.warnings.some(isLeftOut)) return { kind: "only ours", reason: "what is wrong is left out, and a warning says so" };
    return only("only ours", reasonFor(onlyOurs, framework, theirs.error), theirs.error);
  }
  if (theirs.tensors.length === 0 && (ours.refused !== undefined || weHaveNone)) return { kind: "no tensors" };
  if (ours.refused !== undefined) return refusedByUs(framework, ours.refused);
  const difference = differenceOf(theirs.tensors, ours);
  if (difference !== undefined) return { kind: "different", problem: difference };
  const leftOut = ours.warnings.find(isLeftOut);
  if (leftOut !== undefined) return refusedByUs(framework, { code: "left out", message: leftOut });
  return firstRefused === undefined ? { kind: "equal" } : refusedByUs(framework, firstRefused);
}

function isLeftOut(warning: string): boolean {
  return warning.includes("left out");
}

function refusedByUs(framework: FrameworkName, { code, message }: Refusal): Comparison {
  return only("only theirs", reasonFor(onlyTheirs, framework, `${code}: ${message}`), `${code}: ${message}`, code);
}

function only(kind: Comparison["kind"], reason: string | undefined, said: string, code?: string): Comparison {
  if (reason === undefined) return { kind, reason: "without a reason", problem: said.slice(0, 400) };
  return { kind, reason: code === undefined ? reason : `${code}, ${reason}` };
}

/** What both have must be the same; what only they have, we must have refused by name. */
function differenceOf(theirs: readonly FoundTensor[], { tensors, refusedTensors, warnings }: OurReading): string | undefined {
  const left = new Map(tensors.map(([path, ...what]) => [JSON.stringify(path), JSON.stringify(what)]));
  for (const [path, ...what] of theirs) {
    const name = JSON.stringify(path);
    const mine = left.get(name);
    left.delete(name);
    if (refusedTensors.has(name)) continue;
    if (mine === undefined && warnings.some(isLeftOut)) continue;
    if (mine === undefined) return `we do not have ${name} ${JSON.stringify(what)}`;
    if (mine !== JSON.stringify(what)) return `${name} is ${JSON.stringify(what)}, for us ${mine}`;
  }
  const [more] = left;
  return more === undefined ? undefined : `only we have ${more.join(" ")}`;
}
