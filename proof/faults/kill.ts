import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createConverter } from "@longspan/core";
import { directoryFileSet } from "@longspan/core/node";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { onnx } from "@longspan/runtime-ort/onnx";
import { finished, stateOf } from "./folder-state.ts";
import { killAfter, start, timeOf } from "./killed-process.ts";
import { outputOf, writeOutput } from "./outputs.ts";

/** What came of killing one kind of output again and again. */
export interface KillReport {
  readonly kills: number;
  /** What was found under the target's name: nothing or what was there before, the whole output, or files that nothing takes for a model. */
  readonly before: number;
  readonly complete: number;
  readonly between: number;
  /** How many runs had left something unfinished, which the next run removed. */
  readonly remnants: number;
  readonly problems: readonly string[];
}

interface Place {
  readonly root: string;
  readonly path: string;
}

function placeIn(root: string, kind: string): Place {
  const isFile = outputOf(kind).isFile === true;
  return { root, path: join(root, isFile ? (kind === "file" ? "model.bin" : "model.onnx") : "model") };
}

/**
 * Kills runs of one kind of output at random moments from when they begin to when they would have ended.
 * @param older a folder of the same kind, of another model, which is to be replaced; undefined for a new output
 */
export async function killRuns(
  { kind, source, older, scratch }: { kind: string; source: string; older: string | undefined; scratch: string },
  kills: number,
): Promise<KillReport> {
  const force = older !== undefined;
  const whole = placeIn(await mkdtemp(join(scratch, "whole-")), kind);
  if (older !== undefined) await writeOutput(kind, older, whole.path, false);
  const before = finished(await stateOf(whole.root));
  const run = (path: string): ReturnType<typeof start> => start("write-output.ts", [kind, source, path, force ? "force" : ""]);
  const duration = await timeOf(run(whole.path));
  const complete = finished(await stateOf(whole.root));
  const report = { before: 0, complete: 0, between: 0, remnants: 0 };
  const problems: string[] = [];
  if (before === complete) problems.push("the two models give the same files: nothing would be seen");
  for (let kill = 0; kill < kills; kill++) {
    const place = placeIn(await mkdtemp(join(scratch, "killed-")), kind);
    if (older !== undefined) await writeOutput(kind, older, place.path, false);
    // Stratified, so that every part of a run is met.
    await killAfter(run(place.path), ((kill + Math.random()) / kills) * duration * 1.1);
    const state = await stateOf(place.root);
    const found = finished(state);
    const remnant = "unfinished" in state;
    if (remnant) report.remnants++;
    if (found === before) report.before++;
    else if (found === complete) report.complete++;
    else if (force && (await isNoModel(place, kind))) report.between++;
    else problems.push(`after ${kill}: what looks finished is not: ${Object.keys(state).join(", ")}`);
    if (found !== complete && force) {
      // Whatever the next run comes to, what was there is there again.
      const sink = await outputOf(kind).sink(place.path, true);
      await sink.abort();
      const again = finished(await stateOf(place.root));
      if (again !== before) problems.push(`after ${kill}: what was there is lost: ${again}`);
    }
    if (found !== complete) {
      await writeOutput(kind, source, place.path, force);
      const after = await stateOf(place.root);
      if (JSON.stringify(after) !== complete) problems.push(`after ${kill}: the next run left ${Object.keys(after).join(", ")}`);
    }
    await rm(place.root, { recursive: true });
  }
  await rm(whole.root, { recursive: true });
  return { kills, ...report, problems };
}

/** Nothing that reads checkpoints takes what is there for a model. */
async function isNoModel({ root, path }: Place, kind: string): Promise<boolean> {
  const converter = createConverter({ adapters: [torch(), paddle(), onnx()] });
  const isFile = outputOf(kind).isFile === true;
  try {
    await using checkpoint = await converter.open(isFile ? { files: directoryFileSet(root) } : { files: directoryFileSet(path) });
    checkpoint.weights();
    return false;
  } catch {
    return true;
  }
}
