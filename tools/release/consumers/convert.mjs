// Converts, verifies and runs a checkpoint with what is published. Its argument is a folder with config.json and model.safetensors.
import { mkdir } from "node:fs/promises";
import { createConverter, LongspanError } from "@longspan/core";
import { longformerGraph } from "@longspan/core/graph";
import { prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import { directoryFileSet, directorySink } from "@longspan/core/node";
import { torch } from "@longspan/adapter-torch";
import { paddle } from "@longspan/adapter-paddle";
import { lightning } from "@longspan/adapter-lightning";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { ort } from "@longspan/runtime-ort";
import { onnx } from "@longspan/runtime-ort/onnx";

const [, , folder, out, runs] = process.argv;
await mkdir(out, { recursive: true });
const converter = createConverter({ adapters: [torch(), paddle(), lightning(), tensorflow(), onnx()] });
const source = await converter.open({ files: directoryFileSet(folder) });
for (const target of ["hf", "paddle", "lightning", "tensorflow", "onnx"]) {
  await converter.convert(converter.plan(source, { target }), { sink: await directorySink(`${out}/${target}`) });
  if (target === "onnx") continue;
  const copy = await converter.open({ files: directoryFileSet(`${out}/${target}`) });
  const { equal } = await converter.verify(source, copy);
  if (!equal) throw new Error(`${target} is not equal`);
  await copy.close();
}
const graph = longformerGraph(source.config, source.head);
const inputs = prepareInputs(source.config, source.head, { input_ids: [[0, 31, 2, 2, 57, 40, 2]] });
const values = [];
for (const runtime of [referenceRuntime(), ...(runs === "ort" ? [ort()] : [])]) {
  const session = await runtime.prepare(graph, source.weights());
  values.push(Object.values(await session.run(inputs))[0].data);
  await session.dispose();
}
for (const [index, value] of values[0].entries()) {
  if (values.some((others) => !(Math.abs(others[index] - value) < 1e-3))) throw new Error(`value ${index} differs`);
}
await source.close();
const failed = await converter.open({ files: directoryFileSet(`${folder}/none`) }).catch((error) => error);
const again = LongspanError.from(structuredClone(JSON.parse(JSON.stringify(failed))));
if (!LongspanError.isInstance(again) || again.code !== failed.code) throw new Error("an error is lost");
console.log("works");
