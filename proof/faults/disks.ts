import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LongspanError } from "@longspan/core";
import { finished, stateOf } from "./folder-state.ts";
import { outputOf, outputs, writeOutput } from "./outputs.ts";

interface FaultInput {
  readonly source: string;
  readonly older: string;
  readonly scratch: string;
}

interface FaultReport {
  readonly counts: string;
  readonly problems: readonly string[];
}

export type Fault = (input: FaultInput) => Promise<FaultReport>;

/** @returns the code of the error that ends it; `written` when none does */
async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "written",
    (error: unknown) => (LongspanError.isInstance(error) ? error.code : `a plain error: ${String(error)}`),
  );
}

/** A disk of its own that is mounted, which takes the rights of root. */
async function onDisk(scratch: string, options: string, work: (folder: string) => Promise<readonly string[]>): Promise<readonly string[]> {
  const folder = await mkdtemp(join(scratch, "disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
  try {
    return await work(folder);
  } finally {
    execFileSync("umount", [folder]);
    await rmdir(folder);
  }
}

/** Writes every kind of output where it cannot be: it must end in one of these errors and leave everything as it was. */
function refusedDisk(options: string, expected: readonly string[], prepare: (folder: string) => Promise<void> = async () => {}): Fault {
  return async ({ source, older, scratch }) => {
    const problems: string[] = [];
    let runs = 0;
    for (const kind of Object.keys(outputs)) {
      for (const force of [false, true]) {
        problems.push(
          ...(await onDisk(scratch, options, async (folder) => {
            const found: string[] = [];
            const place = join(folder, "place");
            await mkdir(place);
            const name = outputOf(kind).isFile === true ? "model.bin" : "model";
            if (force) {
              // An older, smaller output, as far as the disk takes it.
              await (outputOf(kind).isFile === true
                ? writeFile(join(place, name), "older")
                : mkdir(join(place, name)).then(() => writeFile(join(place, name, "config.json"), "older")));
            }
            await prepare(folder);
            const before = finished(await stateOf(place));
            const code = await codeOf(writeOutput(kind, source, join(place, name), force));
            runs++;
            if (!expected.includes(code)) found.push(`${kind}, ${force ? "replaced" : "new"}: ends with ${code}`);
            const after = await stateOf(place);
            if (finished(after) !== before)
              found.push(`${kind}, ${force ? "replaced" : "new"}: something has changed: ${Object.keys(after).join(", ")}`);
            if ("unfinished" in after && code !== "permission-denied")
              found.push(`${kind}, ${force ? "replaced" : "new"}: something unfinished is left`);
            return found;
          })),
        );
      }
    }
    return {
      counts: `${runs} outputs, each ended with ${expected.join(" or ")} and left all as it was`,
      problems: older === "" ? ["no older model"] : problems,
    };
  };
}

export const fullDisks: Readonly<Record<string, Fault>> = {
  "a full disk": refusedDisk("size=4m", ["disk-full"]),
  "a disk without inodes": refusedDisk("size=64m,nr_inodes=6", ["disk-full"], async (folder) => {
    // What is left of inodes is taken, so that not even one file can be made.
    for (let at = 0; at < 10; at++) await writeFile(join(folder, `other-${at}`), "").catch(() => {});
  }),
  "a disk that is read-only": refusedDisk("size=64m", ["permission-denied", "io-failed"], async (folder) => {
    execFileSync("mount", ["-o", "remount,ro", folder]);
  }),
};
