import { type ByteSource, LongspanError, type MemoryBudget } from "@longspan/core";
import { type TensorHeader, mostHeaderBytes, parseTensorHeader } from "./tensor-header.ts";

/** Enough for the header of any parameter. */
const firstReadBytes = 256;

/** Bytes of memory for what a header says, and for a name. */
const recordCost = 500;

export interface StreamedTensor extends TensorHeader {
  /** Of the first element, bytes into the source. */
  readonly offset: number;
}

/**
 * All tensors of a `save_combine` file, which lie back to back, without names. Reads the headers and steps over the elements.
 * @throws LongspanError `truncated`, `malformed`, `limit-exceeded`
 */
export async function readTensorStream(
  { source, budget, signal }: { readonly source: ByteSource; readonly budget: MemoryBudget; readonly signal: AbortSignal | undefined },
  fileName: string,
): Promise<StreamedTensor[]> {
  const tensors: StreamedTensor[] = [];
  for (let position = 0; position < source.size;) {
    budget.spend(recordCost);
    const header = await readHeader(source, position, { fileName, index: tensors.length, signal });
    const offset = position + header.headerBytes;
    if (offset + header.byteLength > source.size) {
      throw truncated(
        fileName,
        tensors.length,
        `needs ${header.byteLength} bytes from byte ${offset}, but the file ends at byte ${source.size}`,
      );
    }
    tensors.push({ ...header, offset });
    position = offset + header.byteLength;
  }
  return tensors;
}

interface Place {
  readonly fileName: string;
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

async function readHeader(source: ByteSource, position: number, { fileName, index, signal }: Place): Promise<TensorHeader> {
  for (let length = firstReadBytes; ; length = mostHeaderBytes) {
    const available = Math.min(length, source.size - position);
    const header = parseTensorHeader(await source.read(position, available, { signal }));
    if (header === "more") {
      if (available < length || length === mostHeaderBytes)
        throw truncated(fileName, index, `has its header at byte ${position}, where the file ends`);
    } else if ("wrong" in header) {
      throw new LongspanError(
        "malformed",
        `${fileName}: tensor ${index}, at byte ${position}, ${header.wrong}. The file is damaged or is no .pdiparams file.`,
        {
          details: { file: fileName, tensor: index, offset: position },
        },
      );
    } else {
      return header;
    }
  }
}

function truncated(fileName: string, index: number, why: string): LongspanError {
  return new LongspanError("truncated", `${fileName}: tensor ${index} ${why}. The file is incomplete: copy or download it again.`, {
    details: { file: fileName, tensor: index },
  });
}
