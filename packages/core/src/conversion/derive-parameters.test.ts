import { describe, expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig } from "../../test/sample-model.ts";
import type { Derivation } from "../adapter/derivation.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { computedTensor } from "../tensor/computed-tensor.ts";
import { readFloats } from "../tensor/read-floats.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

/** A parameter kept as its half, under `half.NAME`. */
const halved: Derivation = {
  name: "halved",
  derive(contents) {
    if (!contents.tensors.some(({ name }) => name.startsWith("half."))) return undefined;
    return {
      ...contents,
      tensors: contents.tensors.map(({ name, sourceName, tensor }) =>
        name.startsWith("half.")
          ? {
              name: name.slice("half.".length),
              sourceName,
              tensor: computedTensor({
                ...tensor,
                inputs: [tensor],
                compute: async (range, [half = tensor]) => Float32Array.from(await readFloats(half, range), (value) => 2 * value),
              }),
            }
          : { name, sourceName, tensor },
      ),
      warnings: [...contents.warnings, "doubled"],
    };
  },
};

const unreadable: Derivation = {
  name: "unreadable",
  derive: (contents) => ({
    ...contents,
    tensors: contents.tensors.filter(({ name }) => name !== "qa_outputs.weight"),
    unreadable: [{ name: "qa_outputs.weight", sourceName: "qa_outputs.weight", reason: "it is locked: unlock it" }],
  }),
};

async function open(half: readonly string[], derivations: readonly Derivation[]): Promise<Checkpoint> {
  const { parameters } = compileLayout(plainLayout, createLongformerSpec(sample(), "question-answering"));
  const file = rawModel(parameters.map(({ name, shape }) => ({ name: half.includes(name) ? `half.${name}` : name, shape })));
  const files = memoryFileSet("folder", { "model.raw": file, "config.json": new TextEncoder().encode(JSON.stringify(sampleConfig)) });
  return openCheckpoint({ files }, { adapters: [{ ...rawAdapter([plainLayout]), derivations }] });
}

describe("derivations", () => {
  test("run before the layout: what they make is a parameter like any other, in the file's order", async () => {
    const plain = await open([], [halved]);
    expect(plain.warnings).not.toContain("doubled");
    const derived = await open(["qa_outputs.weight"], [halved]);
    expect(derived.warnings).toContain("doubled");
    expect(derived.tensors.map(({ canonicalName }) => canonicalName)).toEqual(plain.tensors.map(({ canonicalName }) => canonicalName));
    const [once, doubled] = await Promise.all(
      [plain, derived].map(async (checkpoint) => (await checkpoint.weights().get("qa_outputs.weight")?.read())?.data),
    );
    expect(doubled).toEqual(Float32Array.from(once as Float32Array, (value) => 2 * value));
  });

  test("several run in turn; of one name the first", async () => {
    const twice: Derivation = { name: "twice", derive: (contents) => ({ ...contents, warnings: [...contents.warnings, "twice"] }) };
    expect((await open([], [twice, twice, halved])).warnings.filter((warning) => warning === "twice")).toHaveLength(1);
  });

  test("a parameter that is there but cannot be read is listed, and still says which head the file has", async () => {
    const checkpoint = await open([], [unreadable]);
    expect(checkpoint.head).toBe("question-answering");
    expect(checkpoint.unreadable).toEqual([
      { sourceName: "qa_outputs.weight", canonicalName: "qa_outputs.weight", reason: "it is locked: unlock it" },
    ]);
  });
});
