import { elementCount } from "@longspan/core";
import type { DeviceTensor, Kernel } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { bufferAccess, uniformStruct } from "./parts/bindings.ts";
import { floatBits, packUniforms, rowRanges, rowsOf, wholeOperand } from "./parts/dispatching.ts";
import { planLookup } from "./embedding.ts";
import { tableCode, tableRanges } from "./parts/embedding-table.ts";
import { floatBytes, floatStorage, foursType, halvesCode, type FloatStorage } from "./parts/float-storage.ts";
import { normalizationBody, normalizationOperations } from "./parts/normalization.ts";
import {
  heldElements,
  rowCode,
  rowElements,
  rowReduction,
  rowWorkgroups,
  type RowElements,
  type RowReduction,
} from "./parts/row-reduction.ts";

/**
 * `out = layerNormalization(words[wordIds] + positions[positionIds] + types[typeIds], scale, shift)`; int32 ids of one shape `[…]`, float32 or
 * float16 tables `[rows, hidden]`, float32 scale and shift `[hidden]`, float32 or float16 out `[…, hidden]`.
 *
 * Two steps, for at most six bindings in each: the rows of positions and types are summed into scratch memory (see `planLookup`), then the
 * words' rows are added and normalized in one. Words over the binding limit take a dispatch for each part of the table that may be bound,
 * which writes the rows whose ids lie there. Grid of the second step: see `rowReduction`. Source: the fused operation embeddingNormalization.
 */
export const embeddingNormalizationKernels: OperationKernels = {
  operation: "embeddingNormalization",
  float16Inputs: [3, 4, 5],
  float16Outputs: [0],
  plan({ inputs, outputs, attributes }, context) {
    const words = required(inputs[3]);
    const wordIds = required(inputs[0]);
    const out = required(outputs[0]);
    const { facts } = context;
    const [wordRows = 0, hidden = 1] = words.shape;
    const rest = context.scratch("float32", elementCount(out.shape));
    const positions = { ids: required(inputs[1]), table: required(inputs[4]) };
    const types = { ids: required(inputs[2]), table: required(inputs[5]) };
    const summing = planLookup("embedding-sum", positions, types, rest, context);
    const elements = rowElements(hidden);
    const reduction = rowReduction(facts);
    const outStorage = floatStorage(out.storage);
    const outBytes = floatBytes(outStorage) * hidden;
    const kernel = normalizationKernel(reduction, words, elements, outStorage, heldElements(reduction, hidden / elements.perStep));
    const parts = tableRanges(words, facts.limits);
    const normalizing = rowRanges(elementCount(wordIds.shape), [4 * hidden, outBytes], facts.limits).flatMap((rows) =>
      parts.map(({ range, operand }) => ({
        kernel,
        uniforms: packUniforms(
          rows.count,
          hidden / elements.perStep,
          floatBits(hidden),
          floatBits(Number(attributes.epsilon)),
          rows.first,
          range.first,
          range.count,
          wordRows,
        ),
        operands: [
          wholeOperand(wordIds, facts.limits),
          operand,
          rowsOf(rest, 4 * hidden, rows),
          wholeOperand(required(inputs[6]), facts.limits),
          wholeOperand(required(inputs[7]), facts.limits),
          rowsOf(out, outBytes, rows),
        ],
        workgroups: rowWorkgroups(reduction, rows.count, facts),
        work: {
          floatingPointOperations: ((normalizationOperations + 1) * hidden * rows.count) / parts.length,
          bytes: (rows.count * (4 + 8 * hidden + outBytes)) / parts.length,
        },
      })),
    );
    return [...summing, ...normalizing];
  },
};

function normalizationKernel(
  reduction: RowReduction,
  words: DeviceTensor,
  elements: RowElements,
  outStorage: FloatStorage,
  held: number,
): Kernel {
  const { type, suffix } = elements;
  return {
    name: `embedding-normalization-${words.storage}-${reduction}${suffix}${outStorage === "float16" ? "-to-float16" : ""}${held === 0 ? "" : `-held-${held}`}`,
    access: bufferAccess(5, 1),
    code: rowCode(reduction, {
      declarations: `
${uniformStruct("rows: u32, size: u32, elements: f32, epsilon: f32, firstRow: u32, firstOfTable: u32, countOfTable: u32, tableRows: u32,")}
@group(0) @binding(1) var<storage, read> ids: array<u32>;
${tableCode("words", 2, words, elements)}
@group(0) @binding(3) var<storage, read> rest: array<${type}>;
@group(0) @binding(4) var<storage, read> scale: array<${type}>;
@group(0) @binding(5) var<storage, read> shift: array<${type}>;
@group(0) @binding(6) var<storage, read_write> out: array<${outStorage === "float16" ? foursType(outStorage) : type}>;
${halvesCode(outStorage)}
var<private> word: u32;
fn elementOfRow(row: u32, i: u32) -> ${type} {
  return wordsAt(word, i, uniforms.size) + rest[row * uniforms.size + i];
}`,
      body: `
  let place = min(ids[uniforms.firstRow + row], uniforms.tableRows - 1u) - uniforms.firstOfTable;
  if (place >= uniforms.countOfTable) { return; }
  word = place;
  ${normalizationBody(elements, outStorage, held)}`,
    }),
  };
}
