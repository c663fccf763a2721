import { computedTensor } from "../../tensor/computed-tensor.ts";
import { bytesPerElement } from "../../tensor/data-type.ts";
import type { LazyTensor } from "../../tensor/lazy-tensor.ts";

/** Rows read from the source at a time. */
const blockRows = 1024;

/**
 * A longer position table `[rows, hidden]` of a shorter one: the first `reserved` rows stay, the rest are the source's others over and
 * over, the last time as far as there is room. Lazy; the bits are the source's.
 */
export function extendedPositions(source: LazyTensor, rows: number, reserved: number): LazyTensor {
  const [sourceRows = 0, hidden = 0] = source.shape;
  const step = sourceRows - reserved;
  const rowBytes = hidden * bytesPerElement(source.dataType);
  const sourceRow = (row: number): number => (row < reserved ? row : reserved + ((row - reserved) % step));
  return computedTensor({
    name: source.name,
    dataType: source.dataType,
    shape: [rows, hidden],
    inputs: [source],
    unitElements: hidden,
    async compute({ start, count, signal }, [table = source]) {
      const bytes = new Uint8Array(count * bytesPerElement(source.dataType));
      const end = (start + count) / hidden;
      for (let row = start / hidden; row < end;) {
        const from = sourceRow(row);
        // Rows that lie one after the other in the source, too.
        const together = Math.min((row < reserved ? reserved : sourceRows) - from, end - row, blockRows);
        const found = await table.readBytes(from * rowBytes, together * rowBytes, { signal });
        bytes.set(found, row * rowBytes - start * bytesPerElement(source.dataType));
        row += together;
      }
      return bytes;
    },
  });
}
