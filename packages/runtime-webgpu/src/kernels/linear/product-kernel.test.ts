import { describe, expect, test } from "vitest";
import { kernelText, type Kernel } from "../../kernel/kernel.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { withMatrixUnits } from "../../testing/matrix-units.ts";
import { tilingsOf } from "./heuristic-tiling.ts";
import type { ProductForm } from "./product-code.ts";
import { createProductKernels } from "./product-kernel.ts";
import type { Tiling } from "./tiling.ts";

const plain: ProductForm = {
  rightLayout: "columns",
  leftStorage: "float32",
  rightStorage: "float16",
  outStorage: "float32",
  addendStorage: "float32",
  innerByFours: true,
  innerByTiles: true,
  columnsByFours: true,
  bias: false,
  activation: undefined,
  addend: false,
  stacked: false,
  partial: false,
};

/** What a layer can be beside another of the same model. */
const others: readonly Partial<ProductForm>[] = [
  { partial: true },
  { bias: true },
  { activation: "gelu" },
  { addend: true },
  { addend: true, addendStorage: "float16" },
  { leftStorage: "float16" },
  { outStorage: "float16" },
  { innerByTiles: false },
  { innerByTiles: false, innerByFours: false },
  { columnsByFours: false },
];

const facts = withMatrixUnits(defaultFacts, { rows: 16, columns: 16, inner: 16 });
const oneOfEach = ["matrix", "tile", "split", "lanes"].flatMap(
  (kind) => tilingsOf(facts, "float16").find((one) => one.kind === kind) ?? [],
);

describe("a kernel that is remembered is the one that is asked for", () => {
  const withText = async (kernel: Kernel): Promise<Kernel> => ({ ...kernel, code: await kernelText(kernel) });

  test.each<readonly [string, Tiling | "combine"]>([...oneOfEach.map((tiling) => [tiling.kind, tiling] as const), ["combine", "combine"]])(
    "%s",
    async (_, tiling) => {
      const kernels = createProductKernels();
      for (const first of others) {
        for (const second of others) {
          const form = { ...plain, ...first, ...second };
          // No matrix units take an inner axis that is no multiple of 8.
          if (tiling !== "combine" && tiling.kind === "matrix" && !form.innerByFours) continue;
          expect(await withText(kernels(tiling, form))).toEqual(await withText(createProductKernels()(tiling, form)));
        }
      }
      expect(oneOfEach.length).toBe(4);
    },
  );
});
