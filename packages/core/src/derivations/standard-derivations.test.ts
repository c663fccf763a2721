import { describe, expect, test } from "vitest";
import type { EnvelopeContents, EnvelopeTensor } from "../adapter/envelope.ts";
import { bytesSource } from "../bytes/bytes-source.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import { bytesPerElement, elementCount, type DataType } from "../tensor/data-type.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { standardDerivations } from "./standard-derivations.ts";

function tensor(name: string, shape: readonly number[], values: readonly number[] = [], dataType: DataType = "float32"): EnvelopeTensor {
  const bytes = new Uint8Array(elementCount(shape) * bytesPerElement(dataType));
  if (dataType === "float32") new Float32Array(bytes.buffer).set(values);
  else bytes.set(values);
  const storage = { source: bytesSource(bytes, name), offset: 0, byteLength: bytes.byteLength };
  return { name, sourceName: `state_dict.${name}`, tensor: stridedTensor({ name, dataType, shape, storage }) };
}

async function derive(tensors: readonly EnvelopeTensor[], unreadable: EnvelopeContents["unreadable"] = []): Promise<EnvelopeContents> {
  let contents: EnvelopeContents = { tensors, unreadable, dropped: [], metadata: new Map(), warnings: [] };
  for (const derivation of standardDerivations()) {
    contents = (await derivation.derive(contents, { source: "file", files: memoryFileSet("folder", {}) })) ?? contents;
  }
  return contents;
}

async function valuesOf(contents: EnvelopeContents, name: string): Promise<number[]> {
  const found = contents.tensors.find((entry) => entry.name === name);
  return Array.from((await found?.tensor.read())?.data ?? [], Number);
}

const nothing = { unreadable: [], warnings: [], dropped: [] };

describe("weight norm", () => {
  test("by rows, by columns and as a whole, in the place of its first part, with a word of it", async () => {
    const v = [3, 4, 6, 8];
    for (const [shape, g, expected] of [
      [
        [2, 1],
        [10, 20],
        [6, 8, 12, 16],
      ],
      [
        [1, 2],
        [Math.sqrt(45), 0],
        [3, 0, 6, 0],
      ],
      [[], [Math.sqrt(125)], v],
      [[1], [2 * Math.sqrt(125)], v.map((value) => 2 * value)],
    ] as const) {
      const contents = await derive([tensor("a.weight_g", shape, g), tensor("a.bias", [2]), tensor("a.weight_v", [2, 2], v)]);
      expect(contents.tensors.map(({ name, sourceName }) => [name, sourceName])).toEqual([
        ["a.weight", "state_dict.a.weight"],
        ["a.bias", "state_dict.a.bias"],
      ]);
      expect(await valuesOf(contents, "a.weight")).toEqual(expected);
      expect(contents.warnings).toEqual(['"state_dict.a.weight": kept under weight norm, and computed as g · v / ‖v‖.']);
    }
  });

  test("a direction of length 0 has no values in torch; in Paddle it is 0", async () => {
    const torch = await derive([tensor("weight_g", [2, 1], [1, 1]), tensor("weight_v", [2, 3], [0, 0, 0, 1, 0, 0])]);
    expect(await valuesOf(torch, "weight")).toEqual([NaN, NaN, NaN, 1, 0, 0]);
    const paddle = await derive([tensor("weight_g", [2], [1, 1]), tensor("weight_v", [2, 3], [0, 0, 0, 1, 0, 0])]);
    expect(await valuesOf(paddle, "weight")).toEqual([0, 0, 0, 1, 0, 0]);
  });

  test("an interrupted reading of the lengths is begun anew by the next", async () => {
    const contents = await derive([tensor("weight_g", [2, 1], [1, 1]), tensor("weight_v", [2, 1], [5, -5])]);
    const weight = contents.tensors[0]?.tensor;
    await expect(weight?.read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect(await valuesOf(contents, "weight")).toEqual([1, -1]);
  });

  test.each<[string, EnvelopeTensor[]]>([
    ["one part alone", [tensor("a.weight_g", [2, 1])]],
    ["shapes of something else", [tensor("a.weight_g", [3, 1]), tensor("a.weight_v", [2, 2])]],
    ["lists of another length", [tensor("a.weight_g", [5]), tensor("a.weight_v", [2, 3])]],
    ["the weight beside them", [tensor("a.weight", [2, 2]), tensor("a.weight_g", [2, 1]), tensor("a.weight_v", [2, 2])]],
    ["integers", [tensor("a.weight_g", [2, 1], [], "int8"), tensor("a.weight_v", [2, 2], [], "int8")]],
  ])("%s is left as it is", async (_name, tensors) => {
    expect(await derive(tensors)).toMatchObject({ ...nothing, tensors });
  });

  test("a part that cannot be read makes the parameter unreadable, with the part's reason", async () => {
    const unreadable = [{ name: "a.weight_v", sourceName: "a.weight_v", reason: "it is locked." }];
    expect(await derive([tensor("a.weight_g", [2, 1])], unreadable)).toMatchObject({
      tensors: [],
      unreadable: [{ name: "a.weight", reason: 'its part "a.weight_v" cannot be read: it is locked.' }],
      dropped: [{ name: "state_dict.a.weight_g", reason: 'a part of "state_dict.a.weight", which cannot be read' }],
    });
  });

  test("two originals beside what another parametrization keeps are not weight norm", async () => {
    const stem = "a.parametrizations.weight.";
    const contents = await derive([
      tensor(`${stem}original0`, [2, 1]),
      tensor(`${stem}original1`, [2, 2]),
      tensor(`${stem}1._u`, [2]),
      tensor("b.parametrizations.weight.original0", [2, 1], [1, 1]),
      tensor("b.parametrizations.weight.original1", [2, 1], [2, 2]),
    ]);
    expect(contents.unreadable).toMatchObject([{ name: "a.weight", reason: expect.stringContaining("spectral norm") }]);
    expect(contents.tensors.map(({ name }) => name)).toEqual(["b.weight"]);
  });
});

describe("pruning", () => {
  test.each<DataType>(["bool", "uint8", "float32"])("a mask of %s", async (dataType) => {
    const contents = await derive([tensor("w_orig", [4], [1, -2, NaN, 4]), tensor("w_mask", [4], [1, 0, 0, 1], dataType)]);
    expect(await valuesOf(contents, "w")).toEqual([1, -0, NaN, 4]);
  });

  test("a part that cannot be read makes the parameter unreadable, with the part's reason", async () => {
    const unreadable = [{ name: "w_mask", sourceName: "w_mask", reason: "it is locked." }];
    expect(await derive([tensor("w_orig", [4])], unreadable)).toMatchObject({
      tensors: [],
      unreadable: [{ name: "w", reason: 'its part "w_mask" cannot be read: it is locked.' }],
    });
  });

  test("other shapes, or no mask, are left as they are", async () => {
    const tensors = [tensor("w_orig", [4]), tensor("w_mask", [3]), tensor("b_orig", [4])];
    expect(await derive(tensors)).toMatchObject({ ...nothing, tensors });
  });
});

describe("quantised layers are named by their library, whatever parts they have", () => {
  test.each<[string, readonly string[], string]>([
    ["bitsandbytes in 8 bits", ["weight", "SCB", "weight_format"], "weight"],
    ["bitsandbytes in 4 bits", ["weight", "weight.absmax", "weight.quant_map", "weight.quant_state.bitsandbytes__nf4"], "weight"],
    ["GPTQ or AWQ", ["qweight", "qzeros", "scales", "g_idx"], "weight"],
    ["scaled weights of few bits", ["weight", "weight_scale_inv"], "weight"],
    ["scaled weights of few bits", ["weight_packed", "weight_scale", "weight_shape", "weight_zero_point"], "weight"],
    ["PaddleNLP's weight-only quantisation", ["quant_weight", "quant_scale"], "weight"],
  ])("%s: %j", async (scheme, parts, parameter) => {
    const layer = "encoder.layer.0.output.dense.";
    const contents = await derive([...parts.map((part) => tensor(layer + part, [2, 2], [], "uint8")), tensor(`${layer}bias`, [2])]);
    expect(contents.tensors.map(({ name }) => name)).toEqual([`${layer}bias`]);
    expect(contents.unreadable).toEqual([
      {
        name: layer + parameter,
        sourceName: `state_dict.${layer}${parameter}`,
        reason: `it is quantised (${scheme}): save the model before quantising it, or dequantised.`,
      },
    ]);
    expect(contents.dropped).toHaveLength(parts.length);
  });
});

describe("floats of 8 bits", () => {
  const layer = "encoder.layer.0.output.dense.";
  const weight = (dataType: DataType): EnvelopeTensor => tensor(`${layer}weight`, [2, 2], [], dataType);

  test.each(["scale", "scale_weight", "weight.scale", "weight._scale", "w_scales", "weightScale"])(
    "with %s beside them are not what the weights are",
    async (name) => {
      const scale = tensor(layer + name, [1], [3]);
      for (const tensors of [
        [weight("float8_e4m3fn"), scale],
        [scale, weight("float8_e5m2")],
      ]) {
        const contents = await derive(tensors);
        expect(contents.tensors).toEqual([]);
        expect(contents.unreadable).toMatchObject([
          { name: `${layer}weight`, reason: expect.stringContaining("floats of 8 bits with a scale") },
        ]);
      }
    },
  );

  test("are what they are where no scale stands in their layer, and so are wider ones beside one", async () => {
    for (const tensors of [
      [weight("float8_e4m3fn"), tensor(`${layer}bias`, [2])],
      [weight("float8_e4m3fn"), tensor("encoder.layer.0.output.scale", [1])],
      [weight("float16"), tensor(`${layer}scale`, [1])],
    ])
      expect(await derive(tensors)).toMatchObject({ ...nothing, tensors });
  });

  test("a library's own names are told as its own", async () => {
    const contents = await derive([weight("float8_e4m3fn"), tensor(`${layer}weight_scale`, [1]), tensor(`${layer}other_scale`, [1])]);
    expect(contents.unreadable).toMatchObject([{ reason: expect.stringContaining("scaled weights of few bits") }]);
  });
});
