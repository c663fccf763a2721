import { copyFile, mkdir, mkdtemp, open, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createConverter, LongspanError, type ProgressListener } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";
import { torch } from "@longspan/adapter-torch";
import type { Fault } from "./disks.ts";
import { finished, stateOf } from "./folder-state.ts";

/** Converts while something happens to the source's file at the n-th event of progress. @returns a code, or `written` */
async function convertWhile(folder: string, target: string, moment: number, change: (file: string) => Promise<void>): Promise<string> {
  const converter = createConverter({ adapters: [torch()] });
  let event = 0;
  let changing = Promise.resolve();
  const onProgress: ProgressListener = () => {
    if (event++ === moment) changing = change(join(folder, "model.safetensors"));
  };
  try {
    await using checkpoint = await converter.open({ files: directoryFileSet(folder), fileName: "model.safetensors" });
    if (moment < 0) await change(join(folder, "model.safetensors"));
    const sink = await directorySink(target);
    await converter.convert(converter.plan(checkpoint, { target: "torch" }), { sink, onProgress });
    return "written";
  } catch (error) {
    return LongspanError.isInstance(error) ? error.code : `a plain error: ${String(error)}`;
  } finally {
    await changing;
  }
}

const moments = 20;

/** An output is written only where the source changed after it was read to its end, and is then what it would have been. */
function changing(change: (file: string, other: string) => Promise<void>, expected: readonly string[]): Fault {
  return async ({ source, older, scratch }) => {
    const problems: string[] = [];
    const codes = new Map<string, number>();
    const undisturbed = join(await mkdtemp(join(scratch, "undisturbed-")), "out");
    await convertWhile(source, undisturbed, moments, async () => {});
    const complete = finished(await stateOf(undisturbed));
    for (let moment = -1; moment < moments; moment++) {
      const place = await mkdtemp(join(scratch, "changing-"));
      const folder = join(place, "source");
      await mkdir(folder);
      for (const name of ["config.json", "model.safetensors"]) await copyFile(join(source, name), join(folder, name));
      const code = await convertWhile(folder, join(place, "out"), moment, (file) => change(file, join(older, "model.safetensors")));
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code !== "written" && !expected.includes(code)) problems.push(`at moment ${moment}: ends with ${code}`);
      const left = await stateOf(join(place, "out"));
      if (finished(left) !== (code === "written" ? complete : "{}"))
        problems.push(`at moment ${moment}: leaves ${Object.keys(left).join(", ")}`);
    }
    return { counts: [...codes].map(([code, count]) => `${count} × ${code}`).join(", "), problems };
  };
}

const overwrite = async (file: string): Promise<void> => {
  const handle = await open(file, "r+");
  const { size } = await handle.stat();
  await handle.write(new Uint8Array(64).fill(7), 0, 64, size - 64);
  await handle.close();
};

export const changingSources: Readonly<Record<string, Fault>> = {
  "a source that is overwritten in place while it is read": changing(overwrite, ["source-changed"]),
  "a source that is cut short while it is read": changing((file) => truncate(file, 100_000), ["source-changed", "truncated"]),
  "a source that another takes the place of while it is read": changing(
    async (file, other) => {
      await writeFile(`${file}.new`, await readFile(other));
      await rename(`${file}.new`, file);
    },
    // A file that was opened stays what it was; what is opened later is another.
    ["source-changed"],
  ),
};
