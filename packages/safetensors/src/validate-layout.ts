import { tensorByteLength } from "./data-types.ts";
import type { SafetensorsEntry } from "./safetensors-file.ts";
import { SafetensorsError, quoted } from "./safetensors-error.ts";

/**
 * Checks that the tensors fill the bytes after the header without gap and without overlap, each with the bytes of its shape and data type: the
 * reference library's `Metadata::validate`, plus which of these it is.
 *
 * @returns the tensors in the order of their bytes (equal ranges, which only empty tensors can have, in the given order)
 * @throws SafetensorsError `tensor-invalid`, `trailing-data`
 */
export function validateLayout(declared: readonly SafetensorsEntry[], dataOffset: number, fileSize: number): readonly SafetensorsEntry[] {
  const tensors = inByteOrder(declared);
  let position = dataOffset;
  let previous: SafetensorsEntry | undefined;
  for (const tensor of tensors) {
    const { offset, byteLength } = tensor;
    if (offset !== position) {
      const neighbour = previous === undefined ? "the header" : `the tensor ${quoted(previous.name)}`;
      const problem =
        offset > position
          ? `it leaves a gap of ${offset - position} bytes after ${neighbour}, and the format allows none`
          : `its bytes overlap those of ${neighbour}, which ends at byte ${position}`;
      throw invalid(tensor, problem);
    }
    checkSize(tensor);
    position = offset + byteLength;
    previous = tensor;
  }
  if (position < fileSize) {
    throw new SafetensorsError(
      "trailing-data",
      `The safetensors file has ${fileSize - position} bytes after its last tensor (byte ${position}), and the format allows none. Copy or download it again.`,
      { offset: position },
    );
  }
  return tensors;
}

function inByteOrder(declared: readonly SafetensorsEntry[]): readonly SafetensorsEntry[] {
  const compare = (left: SafetensorsEntry, right: SafetensorsEntry): number =>
    left.offset - right.offset || left.byteLength - right.byteLength;
  const sorted = declared.every((tensor, index) => {
    const before = declared[index - 1];
    return before === undefined || compare(before, tensor) <= 0;
  });
  return sorted ? declared : declared.toSorted(compare);
}

function checkSize(tensor: SafetensorsEntry): void {
  const { dataType, shape, byteLength } = tensor;
  const expected = tensorByteLength(dataType, shape);
  if (expected === byteLength) return;
  const what = `shape [${shape.slice(0, 16).join(", ")}${shape.length > 16 ? ", …" : ""}] of ${dataType}`;
  if (expected === "overflow") throw invalid(tensor, `its ${what} is larger than any file`);
  if (expected === "partial-byte") throw invalid(tensor, `its ${what} does not fill whole bytes`);
  throw invalid(tensor, `its ${what} takes ${expected} bytes, but its data_offsets hold ${byteLength}`);
}

function invalid({ name, offset }: SafetensorsEntry, problem: string): SafetensorsError {
  const message = `The safetensors header is wrong about the tensor ${quoted(name)} at byte ${offset}: ${problem}.`;
  return new SafetensorsError("tensor-invalid", message, { tensor: name, offset });
}
