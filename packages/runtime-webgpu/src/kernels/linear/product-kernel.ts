import type { Kernel } from "../../kernel/kernel.ts";
import { bufferAccess } from "../parts/bindings.ts";
import type { FloatStorage } from "../parts/float-storage.ts";
import { combineKernelCode } from "./combine-kernel.ts";
import type { ProductForm } from "./product-code.ts";
import { splitKernelCode } from "./split-kernel.ts";
import { tileKernelCode } from "./tile-kernel.ts";
import type { Tiling } from "./tiling.ts";

/** The kernel of a tiling and a form, or the one that adds up the parts of such products. */
export type ProductKernels = (tiling: Tiling | "combine", form: ProductForm) => Kernel;

/** Remembers kernels: their text is long, and a model has few of them for hundreds of layers and every length. */
export function createProductKernels(): ProductKernels {
  const kernels = new Map<string, Kernel>();
  return (tiling, form) => {
    const name = kernelName(tiling, form);
    let kernel = kernels.get(name);
    if (kernel === undefined)
      kernels.set(
        name,
        (kernel = { name, code: kernelCode(tiling, form), access: accessOf(tiling, form), narrows: narrows(tiling, form) }),
      );
    return kernel;
  };
}

/** Matrix units multiply halves. */
function narrows(tiling: Tiling | "combine", { leftStorage }: ProductForm): boolean {
  return tiling !== "combine" && tiling.kind === "matrix" && leftStorage === "float32";
}

/** What is for matrix units, or for software adapters, is loaded where there are some. */
function kernelCode(tiling: Tiling | "combine", form: ProductForm): Kernel["code"] {
  if (tiling === "combine") return combineKernelCode(form);
  if (tiling.kind === "matrix") return async () => (await import("../for-matrix-units.ts")).matrixKernelCode(tiling, form);
  if (tiling.kind === "lanes") return async () => (await import("../for-software-adapters.ts")).laneKernelCode(tiling, form);
  return tiling.kind === "tile" ? tileKernelCode(tiling, form) : splitKernelCode(tiling, form);
}

/** `linear-tile-128x64-float16-gelu`: all that the text depends on. */
function kernelName(tiling: Tiling | "combine", form: ProductForm): string {
  const combines = tiling === "combine";
  const parts = [
    form.stacked ? "matMul" : "linear",
    combines ? "combine" : tiling.name,
    combines ? "" : storageName(form.leftStorage, form.rightStorage),
    form.outStorage === "float16" ? "to-float16" : "",
    form.rightLayout === "rows" ? "right-rows" : "",
    form.bias ? "bias" : "",
    form.activation ?? "",
    form.addend ? (form.addendStorage === "float16" ? "add-float16" : "add") : "",
    combines || form.innerByFours ? "" : "inner-by-ones",
    !combines && (tiling.kind === "matrix" || (tiling.kind === "tile" && tiling.unrolls)) && !form.innerByTiles ? "inner-past-tiles" : "",
    form.columnsByFours ? "" : "columns-by-ones",
    form.partial ? "part" : "",
  ];
  return parts.filter((part) => part !== "").join("-");
}

function storageName(left: FloatStorage, right: FloatStorage): string {
  if (left === right) return left === "float16" ? "float16" : "";
  return `${left}-${right}`;
}

function accessOf(tiling: Tiling | "combine", { bias, addend }: ProductForm): Kernel["access"] {
  return bufferAccess((tiling === "combine" ? 1 : 2) + Number(bias) + Number(addend), 1);
}
