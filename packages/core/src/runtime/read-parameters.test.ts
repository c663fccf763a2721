import { describe, expect, test } from "vitest";
import { buildGraph, operations } from "@longspan/core/graph";
import { memoryWeights, readParameterPieces, readParameters, type Weights } from "@longspan/core/runtime";
import { transposeTensor } from "../tensor/transpose-tensor.ts";

const graph = buildGraph("two parameters", (builder) => {
  const sum = builder.apply(operations.add, [builder.input("x", "float32", [3, 5]), builder.parameter("matrix", [3, 5])]);
  builder.output("y", builder.apply(operations.add, [sum, builder.parameter("row", [5])]));
});

const values = Float32Array.from({ length: 15 }, (_, index) => index / 4);
/** The matrix lies the other way round, and the row in bfloat16. */
const stored = memoryWeights({
  matrix: {
    dataType: "float32",
    shape: [5, 3],
    data: Float32Array.from({ length: 15 }, (_, at) => values[(at % 3) * 5 + Math.floor(at / 3)] ?? 0),
  },
  row: { dataType: "bfloat16", shape: [5], data: Uint16Array.of(0x3f80, 0xbf80, 0x4000, 0x4040, 0x4080) },
});
const weights: Weights = new Map([...stored].map(([name, tensor]) => [name, name === "matrix" ? transposeTensor(tensor) : tensor]));

describe("parameters", () => {
  test("come whole, as float32 in C order", async () => {
    const found: Record<string, readonly number[]> = {};
    for await (const { parameter, data } of readParameters(graph, weights)) found[parameter.name] = [...data];
    expect(found).toEqual({ matrix: [...values], row: [1, -1, 2, 3, 4] });
  });

  test.each([1, 4, 15, 1000])("or in pieces of %i elements, in order and without a gap", async (maxElements) => {
    const found: Record<string, number[]> = { matrix: [], row: [] };
    const told: number[] = [];
    const onProgress = ({ done }: { readonly done: number }): void => void told.push(done);
    for await (const { parameter, start, data } of readParameterPieces(graph, weights, { maxElements, onProgress })) {
      expect(data.length).toBeLessThanOrEqual(maxElements);
      expect(found[parameter.name]).toHaveLength(start);
      found[parameter.name]?.push(...data);
    }
    expect(found).toEqual({ matrix: [...values], row: [1, -1, 2, 3, 4] });
    expect(told).toEqual([1, 2]);
  });

  test.each([[undefined], [{ matrix: values }]])("of weights that are no map (%o) it is said so", async (none) => {
    const found = readParameters(graph, none as unknown as Weights).next();
    await expect(found).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringMatching(/no map of tensors by name/) });
  });

  test("that are not finite are named with the place of the first, in whichever piece it is", async () => {
    const broken = memoryWeights({
      matrix: { dataType: "float32", shape: [3, 5], data: values.with(11, Number.NaN) },
      row: { dataType: "float32", shape: [5], data: new Float32Array(5) },
    });
    const read = async (): Promise<void> => {
      for await (const { data } of readParameterPieces(graph, broken, { maxElements: 4 })) expect(data.every(Number.isFinite)).toBe(true);
    };
    await expect(read()).rejects.toMatchObject({ code: "weights-not-finite", details: { tensor: "matrix", element: 11 } });
  });
});
