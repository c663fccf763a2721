import { maskCodes, multiplyDimensions } from "@longspan/core/graph";
import { onnxDataTypes } from "../../onnx/tensor-header.ts";
import { bandMaskValues } from "../operations/movement.ts";
import type { OnnxWriter } from "../onnx-writer.ts";
import { groupRows, sharingKey, type AttentionShape } from "./attention-shape.ts";
import { integerWriter } from "./integers.ts";

/** Stands for minus infinity where it is added to scores: the lowest float32, so that a row without any key gives no NaN. */
const lowest = -3.4028234663852886e38;

/** The global tokens of a mask: see core's `nonzero`. */
export interface GlobalTokens {
  /** int32 `[batch, slots]`. */
  readonly indices: string;
  /** bool `[batch, slots]`. */
  readonly found: string;
}

/**
 * What depends on the mask and the sizes alone, and so is computed once for all layers with one window. Queries, keys and values are
 * taken as rows of one head each, `[batch * sequence * heads, headSize]`: one Gather then brings them into blocks and heads, without
 * padding, transposing, slicing or concatenating anything.
 */
export interface AttentionTables {
  /** For each group of heads, int32 `[batch, blocks, headGroup, blockSize]`: the rows of a block's queries. */
  readonly queryRows: readonly string[];
  /** For each group of heads, int32 `[batch, blocks, headGroup, keys]`: the rows of the keys it sees, the window's and then the global ones. */
  readonly keyRows: readonly string[];
  /** float32 `[batch, blocks, 1, blockSize, keys]`: 0 for a local token within reach and for a global token, else `lowest`. */
  readonly scoreBias: string;
  /**
   * int32 `[batch, sequence, heads]`: where each token's context stands among the rows of all groups (`[batch, blocks, headGroup,
   * blockSize]` each), then those of the global tokens (`[batch, slots, heads]`), then one row of zeros for masked tokens.
   */
  readonly contextRows: string;
  /** int32 `[batch, slots]`: the global tokens as rows of `[batch * sequence, hidden]`. */
  readonly globalRows: string;
  /** float32 `[batch, 1, sequence]`: `lowest` for masked tokens, else 0. */
  readonly maskBias: string;
}

export function attentionTables(writer: OnnxWriter, mask: string, globals: GlobalTokens, shape: AttentionShape): AttentionTables {
  return writer.once(sharingKey(shape, mask), () => writeTables(writer, mask, globals, shape));
}

function writeTables(writer: OnnxWriter, mask: string, { indices, found }: GlobalTokens, shape: AttentionShape): AttentionTables {
  const { batch, sequence, heads, headGroup, blockSize, blocks, side, slots, keys } = shape;
  const integers = integerWriter(writer);
  const span = 2 * side + blockSize;
  const number = (value: number): string => writer.constant("float32", [], [value]);
  const bias = (condition: string): string => writer.apply("Where", [condition, number(0), number(lowest)]);
  const groups = Array.from({ length: heads / headGroup }, (_, group) =>
    integers.list(
      Array.from({ length: headGroup }, (_, head) => group * headGroup + head),
      [headGroup, 1],
    ),
  );

  const rowOfBatch = integers.reshape(integers.multiply(integers.count(batch), integers.size(sequence)), [batch, 1, 1]);
  const last = integers.subtract(integers.size(sequence), 1);
  const starts = integers.reshape(integers.multiply(integers.count(blocks), blockSize), [blocks, 1]);

  const tokens = integers.min(integers.add(starts, integers.list(range(0, blockSize))), last);
  const queryTokens = integers.reshape(integers.add(rowOfBatch, tokens), [batch, blocks, 1, blockSize]);

  const positions = integers.add(starts, integers.list(range(-side, side + blockSize)));
  const isInside = writer.apply("And", [integers.isLess(-1, positions), integers.isLess(positions, integers.size(sequence))]);
  const windowTokens = integers.add(rowOfBatch, integers.min(integers.max(positions, 0), last));
  const globalRows = integers.add(indices, integers.reshape(rowOfBatch, [batch, 1]));
  const globalTokens = writer.apply("Expand", [integers.reshape(globalRows, [batch, 1, slots]), writer.shape([batch, blocks, slots])]);
  const keyTokens = integers.reshape(writer.apply("Concat", [windowTokens, globalTokens], { axis: { integer: 2 } }), [
    batch,
    blocks,
    1,
    keys,
  ]);

  const codes = writer.apply("Gather", [writer.reshape(mask, [multiplyDimensions(batch, sequence)], "int32"), windowTokens]);
  const isLocal = writer.apply("And", [writer.apply("Equal", [codes, integers.list([maskCodes.local], [])]), isInside]);
  const withinReach = writer.constant("bool", [blockSize, span], bandMaskValues(blockSize, span, 0, 2 * side));
  const isSeen = writer.apply("And", [writer.reshape(isLocal, [batch, blocks, 1, span], "bool"), withinReach]);
  const globalBias = writer.apply("Expand", [
    writer.reshape(bias(found), [batch, 1, 1, slots]),
    writer.shape([batch, blocks, blockSize, slots]),
  ]);
  const scoreBias = writer.apply("Concat", [bias(isSeen), globalBias], { axis: { integer: 3 } });

  return {
    queryRows: groups.map((group) => integers.add(integers.multiply(queryTokens, heads), group)),
    keyRows: groups.map((group) => integers.add(integers.multiply(keyTokens, heads), group)),
    scoreBias: writer.reshape(scoreBias, [batch, blocks, 1, blockSize, keys]),
    contextRows: contextRows(writer, mask, shape),
    globalRows,
    maskBias: writer.reshape(bias(integers.isLess(0, mask)), [batch, 1, sequence]),
  };
}

function contextRows(writer: OnnxWriter, mask: string, shape: AttentionShape): string {
  const { batch, sequence, heads, headGroup, blockSize, blocks, slots } = shape;
  const integers = integerWriter(writer);
  const allHeads = range(0, heads);
  const rowsOfGroup = integers.size(groupRows(shape));
  const rowsOfAll = integers.multiply(rowsOfGroup, heads / headGroup);

  const tokens = integers.count(sequence);
  const block = integers.divide(tokens, blockSize);
  const within = integers.subtract(tokens, integers.multiply(block, blockSize));
  const blockOfBatch = integers.reshape(integers.multiply(integers.count(batch), integers.size(blocks)), [batch, 1]);
  const token = integers.add(integers.multiply(integers.add(blockOfBatch, block), headGroup * blockSize), within);
  const group = integers.multiply(integers.list(allHeads.map((head) => Math.floor(head / headGroup))), rowsOfGroup);
  const head = integers.add(group, integers.list(allHeads.map((head) => (head % headGroup) * blockSize)));
  const local = integers.add(integers.reshape(token, [batch, sequence, 1]), head);

  const isGlobal = writer.apply("Equal", [mask, integers.list([maskCodes.global], [])]);
  const flags = writer.apply("Cast", [isGlobal], { to: { integer: onnxDataTypes.int32 } });
  const slot = integers.subtract(writer.apply("CumSum", [flags, integers.list([1], [])]), 1);
  const slotOfBatch = integers.reshape(integers.multiply(integers.count(batch), integers.size(slots)), [batch, 1]);
  const firstOfSlot = integers.add(integers.multiply(integers.add(slotOfBatch, slot), heads), rowsOfAll);
  const global = integers.add(integers.reshape(firstOfSlot, [batch, sequence, 1]), integers.list(allHeads));

  const zeros = integers.add(rowsOfAll, integers.multiply(integers.multiply(integers.size(batch), integers.size(slots)), heads));
  const column = (flag: string): string => writer.reshape(flag, [batch, sequence, 1], "bool");
  const isMasked = writer.apply("Equal", [mask, integers.list([maskCodes.masked], [])]);
  return writer.apply("Where", [column(isMasked), zeros, writer.apply("Where", [column(isGlobal), global, local])]);
}

/** `from`, `from + 1`, … up to, without, `to`. */
function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
