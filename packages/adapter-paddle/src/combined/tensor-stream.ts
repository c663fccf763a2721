import { type ByteSource, LongspanError } from "@longspan/core";
import { type MemoryBudget, memoryCosts } from "@longspan/core/adapter";
import { type TensorHeader, maxHeaderBytes, parseTensorHeader } from "./tensor-header.ts";

/** Enough for the header of any parameter. */
const firstHeaderBytes = 256;

/** Read at a time: small tensors lie close to each other, and of large ones little is read in vain. */
const windowBytes = 4096;

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
  const window: Window = { offset: 0, bytes: new Uint8Array(0) };
  for (let position = 0; position < source.size;) {
    budget.spend(recordCost + memoryCosts.tensor);
    const header = await readHeader(source, position, { fileName, index: tensors.length, window, signal });
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

/** The bytes that were read last. */
interface Window {
  offset: number;
  bytes: Uint8Array;
}

interface Place {
  readonly fileName: string;
  readonly index: number;
  readonly window: Window;
  readonly signal: AbortSignal | undefined;
}

async function readHeader(source: ByteSource, position: number, place: Place): Promise<TensorHeader> {
  const { fileName, index } = place;
  for (let length = firstHeaderBytes; ; length = maxHeaderBytes) {
    const available = Math.min(length, source.size - position);
    const header = parseTensorHeader(await readWindow(source, position, available, place));
    if (header === "more") {
      if (available < length || length === maxHeaderBytes)
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

async function readWindow(source: ByteSource, position: number, length: number, { window, signal }: Place): Promise<Uint8Array> {
  if (position < window.offset || position + length > window.offset + window.bytes.length) {
    const ahead = Math.min(Math.max(length, windowBytes), source.size - position);
    window.bytes = await source.read(position, ahead, { signal });
    window.offset = position;
  }
  return window.bytes.subarray(position - window.offset, position - window.offset + length);
}

function truncated(fileName: string, index: number, why: string): LongspanError {
  return new LongspanError("truncated", `${fileName}: tensor ${index} ${why}. The file is incomplete: copy or download it again.`, {
    details: { file: fileName, tensor: index },
  });
}
