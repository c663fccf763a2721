import { pagedReader } from "../bytes/paged-reader.ts";
import { memoryCosts, type MemoryBudget } from "../accounting/memory-budget.ts";
import type { TreeOpaque } from "../checkpoint/tree.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { bytesPerElement, elementCount, isDataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { budgetOf, type ContainerInput } from "./container.ts";

/** Where a tensor's bytes lie in the file, and what they are. */
export interface TensorInFile {
  /** For messages, and the tensor's own name. */
  readonly name: string;
  /** As the file says it. */
  readonly dataType: string;
  /** In elements, the slowest axis first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** As the file says it; it has to be what type and shape ask for. */
  readonly byteLength: number;
}

/** Goes through a file whose heads and values take turns. Set `position` to pass over bytes, which then are not read. */
export interface FileReader {
  /** Bytes from the file's beginning: where the next read begins. */
  position: number;
  /** What reading keeps is spent from here. */
  readonly budget: MemoryBudget;
  /**
   * So many bytes from the position, which moves behind them.
   * @throws LongspanError `truncated`, and what the source throws.
   */
  take(length: number): Promise<DataView>;
  /** An unsigned number of 1, 2, 4 or 6 bytes, big endian. */
  unsigned(bytes: number): Promise<number>;
  /** So many bytes of UTF-8, counted on the budget first. */
  text(length: number): Promise<string>;
  /**
   * The tensor whose bytes (C order, little endian) begin at the position, which moves behind them; no byte of it is read. Of a type that
   * Longspan does not have, an opaque value with the reason.
   * @throws LongspanError `truncated` when the file ends before it does; `malformed` when its bytes are not those of its type and shape.
   */
  tensor(tensor: TensorInFile): LazyTensor | TreeOpaque;
  /** Passes over so many bytes that are a value of another kind than tensors and texts: its class's name stands for it. */
  opaque(className: string, length: number): TreeOpaque;
  /** `malformed`: what is wrong (a sentence's end, without the stop), with the file's name before and the way out behind. */
  malformed(what: string): LongspanError;
}

/** A reader from the file's beginning, for containers: small reads are collected into few, and lengths are checked before they are believed. */
export function fileReader(input: Pick<ContainerInput, "source" | "budget" | "signal">): FileReader {
  const { source, signal } = input;
  const read = pagedReader(source, signal);
  const budget = budgetOf(input);
  const malformed = (what: string): LongspanError =>
    new LongspanError("malformed", `${source.name}: ${what}. Copy or write the file again.`, { details: { file: source.name } });
  const reader: FileReader = {
    position: 0,
    budget,
    malformed,
    async take(length) {
      const bytes = await read(reader.position, length);
      reader.position += length;
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    async unsigned(bytes) {
      const view = await reader.take(bytes);
      let value = 0;
      for (let index = 0; index < bytes; index++) value = 256 * value + view.getUint8(index);
      return value;
    },
    async text(length) {
      budget.spend(memoryCosts.text + length * memoryCosts.character);
      return new TextDecoder().decode(await reader.take(length));
    },
    opaque(className, length) {
      reader.position += length;
      return { kind: "opaque", className };
    },
    tensor({ name, dataType, shape, byteLength }) {
      const offset = reader.position;
      if (!(offset + byteLength <= source.size)) {
        throw new LongspanError("truncated", `${source.name}: "${name}" ends after the file does. Copy or download the file again.`, {
          details: { file: source.name, tensor: name },
        });
      }
      budget.spend(memoryCosts.tensor + shape.length * memoryCosts.value);
      reader.position += byteLength;
      if (!isDataType(dataType)) {
        return { kind: "opaque", className: dataType, reason: `its type is ${dataType.slice(0, 100)}, which Longspan does not have.` };
      }
      if (elementCount(shape) * bytesPerElement(dataType) !== byteLength) {
        throw malformed(`"${name}" of shape [${shape.join(", ")}] has ${byteLength} bytes of ${dataType}`);
      }
      return stridedTensor({ name, dataType, shape, storage: { source, offset, byteLength } });
    },
  };
  return reader;
}
