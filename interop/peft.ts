// Adapters of PEFT: Python trains none but fills many of them by chance, over a Longformer of other sizes than the fixtures'; Longspan merges each into its
// base, and Python compares that with what merge_and_unload() gives.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Converter } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";

const script = fileURLToPath(new URL("check_peft_files.py", import.meta.url));

/** Has Python make the adapters, merges them, and has Python check what came of it. @returns whether all is well. */
export async function checkPeftFiles(converter: Converter, folder: string, python: string): Promise<boolean> {
  if (spawnSync(python, [script, "make", folder], { stdio: "inherit" }).status !== 0) return false;
  const names: readonly string[] = JSON.parse(await readFile(join(folder, "adapters.json"), "utf8"));
  for (const name of names) {
    const base = { files: directoryFileSet(join(folder, "base")) };
    const merged = await converter.open({ files: directoryFileSet(join(folder, name)) }, { base });
    await converter.convert(converter.plan(merged, { target: "hf" }), { sink: await directorySink(join(folder, `${name}-merged`)) });
    await merged.close();
  }
  return spawnSync(python, [script, "check", folder], { stdio: "inherit" }).status === 0;
}
