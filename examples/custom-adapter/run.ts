// A Hugging Face model becomes a Flax file and a Hugging Face model again, through an adapter that Longspan has never seen.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createConverter } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { torch } from "@longspan/adapter-torch";
import flax from "./flax.ts";

const converter = createConverter({ adapters: [torch(), flax()] });
const original = fileURLToPath(new URL("../../fixtures/huggingface/question-answering", import.meta.url));
const out = fileURLToPath(new URL("../../out/custom-adapter", import.meta.url));
await mkdir(out, { recursive: true });

await convert(original, "flax", `${out}/flax`);
await convert(`${out}/flax`, "hf", `${out}/hf`);

const before = await converter.open(original);
const after = await converter.open(`${out}/hf`);
const { equal, compared, differing } = await converter.verify(before, after);
console.log(`there and back again: ${compared} tensors, ${differing} values differ`);
await Promise.all([before.close(), after.close()]);
process.exitCode = equal ? 0 : 1;

async function convert(from: string, target: string, to: string): Promise<void> {
  const source = await converter.open(from);
  const plan = converter.plan(source, { target });
  const example = plan.steps.find(({ canonicalName }) => canonicalName === "encoder.layer.0.intermediate.dense.weight");
  console.log(
    `${target}: ${plan.steps.length} tensors; ${example?.source} [${example?.sourceShape.join(", ")}] → ${example?.target} [${example?.targetShape.join(", ")}]`,
  );
  await converter.convert(plan, { sink: await directorySink(to, { force: true }) });
  await source.close();
}
