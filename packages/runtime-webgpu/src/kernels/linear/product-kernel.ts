import type { Kernel } from "../../kernel/kernel.ts";
import { laneKernelCode } from "./lane-kernel.ts";
import type { ProductForm } from "./product-code.ts";
import { splitKernelCode } from "./split-kernel.ts";
import { tileKernelCode } from "./tile-kernel.ts";
import type { Tiling } from "./tiling.ts";

/** The kernel of a tiling and a form. */
export type ProductKernels = (tiling: Tiling, form: ProductForm) => Kernel;

/** Remembers kernels: their text is long, and a model has few of them for hundreds of layers and every length. */
export function createProductKernels(): ProductKernels {
  const kernels = new Map<string, Kernel>();
  return (tiling, form) => {
    const name = kernelName(tiling, form);
    let kernel = kernels.get(name);
    if (kernel === undefined) kernels.set(name, (kernel = { name, code: kernelCode(tiling, form), access: accessOf(form) }));
    return kernel;
  };
}

function kernelCode(tiling: Tiling, form: ProductForm): string {
  if (tiling.kind === "lanes") return laneKernelCode(tiling, form);
  return tiling.kind === "tile" ? tileKernelCode(tiling, form) : splitKernelCode(tiling, form);
}

/** `linear-tile-128x64-float16-gelu`: all that the text depends on. */
function kernelName(tiling: Tiling, form: ProductForm): string {
  const parts = [
    form.stacked ? "matMul" : "linear",
    tiling.name,
    form.rightStorage === "float16" ? "float16" : "",
    form.rightLayout === "rows" ? "right-rows" : "",
    form.bias ? "bias" : "",
    form.activation ?? "",
    form.addend ? "add" : "",
    form.innerByFours ? "" : "inner-by-ones",
    form.columnsByFours ? "" : "columns-by-ones",
  ];
  return parts.filter((part) => part !== "").join("-");
}

function accessOf({ bias, addend }: ProductForm): Kernel["access"] {
  return ["read", "read", ...(bias ? ["read" as const] : []), ...(addend ? ["read" as const] : []), "write"];
}
