// ONNX files against transformers: seeded models of every head, made by transformers, are converted in each form (float32, with external
// data, float16, q8) and run by Python's onnxruntime beside the models they came from.
import { spawnSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createConverter, type DataType, type Head } from "@longspan/core";
import { directoryFileSet, directorySink } from "@longspan/core/node";
import { torch } from "@longspan/adapter-torch";
import { onnx, type OnnxOptions } from "@longspan/runtime-ort/onnx";

interface Model {
  readonly name: string;
  readonly head: Head;
  readonly path: string;
  readonly size: "tiny" | "base";
}

interface Form extends OnnxOptions {
  readonly name: string;
  readonly weights: "float32" | "float16" | "q8";
  readonly dataType?: DataType;
  /** Largest absolute difference allowed from transformers with the same weights (float16: rounded ones). */
  readonly tolerance: Readonly<Record<Model["size"], number>>;
}

const forms: readonly Form[] = [
  { name: "float32", weights: "float32", tolerance: { tiny: 1e-4, base: 1e-4 } },
  { name: "external-data", weights: "float32", externalData: true, tolerance: { tiny: 1e-4, base: 1e-4 } },
  { name: "float16", weights: "float16", dataType: "float16", tolerance: { tiny: 1e-4, base: 1e-4 } },
  // Random weights make much of rounding (measured: 0.55 and 1.2, of values to 8 and 4): what q8 costs a trained model, its own tests measure.
  { name: "q8", weights: "q8", quantize: "q8", tolerance: { tiny: 1, base: 2 } },
];

/** The large one is written in two forms only: each has half a gigabyte. */
const formsOfBase: ReadonlySet<string> = new Set(["float32", "q8"]);

function casesOf({ head, size }: Model, form: string): "all" | "many" | "few" | "base" {
  if (size === "base") return "base";
  if (form !== "float32") return "few";
  return head === "model" ? "all" : "many";
}

/** Writes all files and has Python check them. @returns whether all is well. */
export async function checkOnnxFiles(folder: string, python: string): Promise<boolean> {
  const run = (script: string, ...words: readonly string[]): boolean => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    return spawnSync(python, [path, ...words], { stdio: "inherit" }).status === 0;
  };
  await mkdir(folder, { recursive: true });
  if (!run("make_onnx_models.py", folder)) return false;
  const models: readonly Model[] = JSON.parse(await readFile(join(folder, "models.json"), "utf8"));
  const jobs: Record<string, unknown>[] = [];
  for (const model of models) {
    for (const { name, weights, dataType, tolerance, ...options } of forms) {
      if (model.size === "base" && !formsOfBase.has(name)) continue;
      const written = join(folder, `${model.name}-${name}`);
      await rm(written, { recursive: true, force: true });
      const converter = createConverter({ adapters: [torch(), onnx(options)] });
      const checkpoint = await converter.open({ files: directoryFileSet(model.path) });
      await converter.convert(converter.plan(checkpoint, { target: "onnx", dataType }), { sink: await directorySink(written) });
      await checkpoint.close();
      jobs.push({
        name: `${model.name} → ${name}`,
        head: model.head,
        model: model.path,
        path: join(written, "model.onnx"),
        weights,
        cases: casesOf(model, name),
        tolerance: tolerance[model.size],
      });
    }
  }
  const list = join(folder, "jobs.json");
  await writeFile(list, JSON.stringify(jobs));
  return run("check_onnx_files.py", list);
}
