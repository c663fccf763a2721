import { elementCount } from "@longspan/core";
import type { DeviceTensor, Dispatch, Kernel } from "../kernel/kernel.ts";
import type { OperationKernels, PlanContext } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { bufferAccess, indexedEntryPoint, uniformStruct } from "./parts/bindings.ts";
import { foldWorkgroups, packUniforms, rowRanges, rowsOf, wholeOperand } from "./parts/dispatching.ts";
import { tableCode, tableRanges } from "./parts/embedding-table.ts";
import { floatBytes, floatStorage, foursType, halvesCode, packFours, type FloatStorage } from "./parts/float-storage.ts";
import { rowElements, type RowElements } from "./parts/row-reduction.ts";

const workgroupSize = 64;

/** Rows of a table by number: int32 ids of any shape, and a table `[rows, hidden]`. */
export interface Lookup {
  readonly ids: DeviceTensor;
  readonly table: DeviceTensor;
}

/**
 * `out[…, h] = table[ids[…], h]`; int32 ids of any shape, a float32 or float16 table `[rows, hidden]`, float32 or float16
 * out `[…, hidden]`.
 * See `planLookup`. Source: core's operation embedding.
 */
export const embeddingKernels: OperationKernels = {
  operation: "embedding",
  float16Inputs: [1],
  float16Outputs: [0],
  plan({ inputs, outputs }, context) {
    const ids = required(inputs[0]);
    const table = required(inputs[1]);
    const out = required(outputs[0]);
    return planLookup("embedding", { ids, table }, undefined, out, context);
  },
};

/**
 * Rows of a table, and rows of a second, small one added to them. A table over the binding limit takes a dispatch for each part of it that
 * may be bound, which writes the rows of out whose ids lie there. Ids outside of a table, which sessions refuse where they come from inputs,
 * take its last row. Grid: workgroups of 64 over out, four elements to an invocation where rows are so long.
 */
export function planLookup(
  name: string,
  { ids, table }: Lookup,
  small: Lookup | undefined,
  out: DeviceTensor,
  { facts: { limits } }: PlanContext,
): readonly Dispatch[] {
  const [tableRows = 0, hidden = 1] = table.shape;
  const elements = rowElements(hidden);
  const size = hidden / elements.perStep;
  const outStorage = floatStorage(out.storage);
  const kernel = lookupKernel(name, table, small?.table, elements, outStorage);
  const outBytes = floatBytes(outStorage) * hidden;
  const parts = tableRanges(table, limits);
  return rowRanges(elementCount(ids.shape), [outBytes], limits).flatMap((rows) =>
    parts.map(({ range, operand }) => ({
      kernel,
      uniforms: packUniforms(rows.count, rows.first, size, range.first, range.count, tableRows, small?.table.shape[0] ?? 0),
      operands: [
        wholeOperand(ids, limits),
        operand,
        ...(small === undefined ? [] : [wholeOperand(small.ids, limits), wholeOperand(small.table, limits)]),
        rowsOf(out, outBytes, rows),
      ],
      workgroups: foldWorkgroups(Math.ceil((rows.count * size) / workgroupSize), limits),
      work: {
        floatingPointOperations: small === undefined ? 0 : (rows.count * hidden) / parts.length,
        bytes: (rows.count * (4 + 4 * hidden + outBytes)) / parts.length,
      },
    })),
  );
}

function lookupKernel(
  name: string,
  table: DeviceTensor,
  small: DeviceTensor | undefined,
  elements: RowElements,
  outStorage: FloatStorage,
): Kernel {
  const { type, suffix } = elements;
  const storages = [table, ...(small === undefined ? [] : [small])].map(({ storage }) => storage);
  return {
    name: `${name}-${storages.join("-")}${suffix}${outStorage === "float16" ? "-to-float16" : ""}`,
    access: bufferAccess(small === undefined ? 2 : 4, 1),
    code: `
${uniformStruct("rows: u32, firstRow: u32, size: u32, firstOfTable: u32, countOfTable: u32, tableRows: u32, smallRows: u32")}
@group(0) @binding(1) var<storage, read> ids: array<u32>;
${tableCode("table", 2, table, elements)}
${small === undefined ? "" : `@group(0) @binding(3) var<storage, read> smallIds: array<u32>;\n${tableCode("small", 4, small, elements)}`}
@group(0) @binding(${small === undefined ? 3 : 5}) var<storage, read_write> out: array<${outStorage === "float16" ? foursType(outStorage) : type}>;
${halvesCode(outStorage)}
${indexedEntryPoint(workgroupSize)}
  let row = index / uniforms.size;
  if (row >= uniforms.rows) { return; }
  let i = index % uniforms.size;
  let place = min(ids[uniforms.firstRow + row], uniforms.tableRows - 1u) - uniforms.firstOfTable;
  if (place >= uniforms.countOfTable) { return; }
  var value = tableAt(place, i, uniforms.size);
  ${small === undefined ? "" : "value += smallAt(min(smallIds[uniforms.firstRow + row], uniforms.smallRows - 1u), i, uniforms.size);"}
  out[index] = ${packFours(outStorage, "value")};
}`,
  };
}
