// RoBERTas against transformers: grafts (RoBERTa's class, Longformer's attention) converted, and plain ones extended, to every target that
// transformers loads; Python loads them and compares weights and outputs with what torch recorded (fixtures/roberta).
import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Converter, ExtendOptions } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";

interface Source {
  readonly folder: string;
  readonly extend?: ExtendOptions;
  /** The recipe's own result in torch. */
  readonly recipe?: string;
}

const sources: readonly Source[] = [
  ...[
    "roberta-masked-lm",
    "roberta-model",
    "roberta-question-answering",
    "roberta-multiple-choice",
    "xlm-roberta-sequence-classification",
    "camembert-token-classification",
  ].map((name) => ({ folder: `grafts/${name}` })),
  { folder: "plain/roberta-masked-lm", extend: { maxLength: 48, window: 16 }, recipe: "extended/roberta-masked-lm" },
  {
    folder: "plain/xlm-roberta-question-answering",
    extend: { maxLength: 80, window: 40 },
    recipe: "extended/xlm-roberta-question-answering",
  },
];

/** Writes all folders and has Python check them. @returns whether all is well. */
export async function checkRobertaFiles(converter: Converter, folder: string, python: string): Promise<boolean> {
  const jobs: Record<string, unknown>[] = [];
  await mkdir(folder, { recursive: true });
  for (const { folder: source, extend, recipe } of sources) {
    const path = fileURLToPath(new URL(`../fixtures/roberta/${source}`, import.meta.url));
    const checkpoint = await converter.open({ files: directoryFileSet(path) }, { extend });
    for (const target of ["hf", "torch"]) {
      const written = join(folder, `${jobs.length}`);
      await converter.convert(converter.plan(checkpoint, { target }), { sink: await directorySink(written) });
      jobs.push({ source, target, path: written, head: checkpoint.head, recipe: recipe ?? null, maxLength: extend?.maxLength ?? null });
    }
    await checkpoint.close();
  }
  const list = join(folder, "jobs.json");
  await writeFile(list, JSON.stringify(jobs));
  const script = fileURLToPath(new URL("check_roberta_files.py", import.meta.url));
  return spawnSync(python, [script, list], { stdio: "inherit" }).status === 0;
}
