import { LongspanError } from "../errors/longspan-error.ts";
import type { ByteSource } from "./byte-source.ts";

/** @throws LongspanError `truncated` when the range leaves the source, `argument-invalid` when it is no range. */
export function checkRange(source: Pick<ByteSource, "name" | "size">, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new LongspanError("argument-invalid", `${source.name}: ${length} bytes at offset ${offset} is not a range of bytes.`, {
      details: { source: source.name, offset, length },
    });
  }
  if (offset + length > source.size) {
    throw new LongspanError(
      "truncated",
      `${source.name} ends at byte ${source.size}, but bytes ${offset} to ${offset + length} are needed. The file is incomplete: fetch or copy it again.`,
      { details: { source: source.name, offset, length, size: source.size } },
    );
  }
}
