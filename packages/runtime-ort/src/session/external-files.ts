import { LongspanError } from "@longspan/core";
import { tensorBlob } from "@longspan/core/adapter";
import type { Graph } from "@longspan/core/graph";
import { type PrepareOptions, readParameterPieces, type Weights } from "@longspan/core/runtime";

/** A file beside a model, as onnxruntime is given it. */
interface ExternalFile {
  readonly path: string;
  readonly data: Uint8Array;
}

/** Weights as files beside a model, one each, from which a session copies them when it is made. */
export interface ExternalFiles {
  readonly files: readonly (ExternalFile & { readonly parameter: string; readonly shape: readonly number[]; readonly length: number })[];
  /** Why a file could not be read, where one could not. */
  failure(): LongspanError | undefined;
  /** Gives memory back, once a session has copies. */
  release(): void;
}

/** 32 MiB: how much of a weight is read at once. */
const pieceElements = 2 ** 23;

/** Of workers of browsers: reads while everything else waits (https://w3c.github.io/FileAPI/#FileReaderSync). */
type WaitingReader = new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };

/**
 * All weights of a graph, read once and checked. Where files can be read while onnxruntime waits (in workers of browsers), those that lie in a file of the
 * disk as they are needed stay there; all others are kept in memory.
 * @throws LongspanError what `readParameterPieces` throws.
 */
export async function externalFiles(graph: Graph, weights: Weights, options: PrepareOptions): Promise<ExternalFiles> {
  const reader = Reflect.get(globalThis, "FileReaderSync") as WaitingReader | undefined;
  let failure: LongspanError | undefined;
  const failed = (error: LongspanError): void => void (failure ??= error);
  const files: ExternalFiles["files"][number][] = [];
  let whole: Float32Array<ArrayBuffer> | undefined;
  const maxElements = reader === undefined ? Infinity : pieceElements;
  for await (const { parameter, start, data } of readParameterPieces(graph, weights, { ...options, maxElements })) {
    const shape = parameter.shape.map(Number);
    const elements = shape.reduce((product, size) => product * size, 1);
    if (start === 0) {
      const blob = reader === undefined ? undefined : await float32Blob(weights, parameter.name);
      whole = blob === undefined ? (data.length === elements ? data : new Float32Array(elements)) : undefined;
      const length = elements * data.BYTES_PER_ELEMENT;
      const bytes = reader !== undefined && blob !== undefined ? bytesOfBlob(blob, reader, failed) : bytesOf(whole ?? data);
      files.push({ path: `weight-${files.length}`, data: bytes, parameter: parameter.name, shape, length });
    }
    if (whole !== undefined && whole !== data) whole.set(data, start);
  }
  return { files, failure: () => failure, release: () => files.splice(0).forEach((file) => freed(file.data)) };
}

async function float32Blob(weights: Weights, name: string): Promise<Blob | undefined> {
  const tensor = weights.get(name);
  return tensor?.dataType === "float32" ? tensorBlob(tensor) : undefined;
}

/**
 * What onnxruntime-web takes for a `Uint8Array` of the blob's bytes. It asks for the length and for ranges (`byteLength` and `subarray`, in
 * `LoadWebAssemblyExternalData` of onnxruntime/core/framework/external_data_loader.cc), and nothing else; a version that asked for more would
 * find an array without a byte, and refuse the model.
 */
function bytesOfBlob(blob: Blob, Reader: WaitingReader, failed: (error: LongspanError) => void): Uint8Array {
  const read = (start: number, end: number): Uint8Array => {
    try {
      return new Uint8Array(new Reader().readAsArrayBuffer(blob.slice(start, end)));
    } catch (cause) {
      const message = "A file of the model was changed, moved or removed while it was read. Choose it again.";
      const error = new LongspanError("source-changed", message, { cause });
      failed(error);
      throw error;
    }
  };
  return Object.defineProperties(new Uint8Array(0), { byteLength: { value: blob.size }, subarray: { value: read } });
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** What nobody uses any more may stand for minutes until it is collected. */
function freed({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
