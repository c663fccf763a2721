import { type DataType, dataTypes, type LazyTensor, LongspanError } from "@longspan/core";
import {
  type NestedTensors,
  nestTensors,
  type Target,
  type TargetRequest,
  writeSidecarFiles,
  writeWeightsFile,
} from "@longspan/core/adapter";
import { flaxLayout } from "./flax-layout.ts";

const fileName = "flax_model.msgpack";

/** What `--to flax` writes: flax_model.msgpack, with config.json and the tokenizer's files beside it. */
export function flaxTarget(): Target {
  return {
    name: "flax",
    description: "Flax: flax_model.msgpack under RoBERTa's names, config.json, tokenizer",
    layout: flaxLayout,
    container: "flax-msgpack",
    fileName,
    fileExtensions: [".msgpack"],
    supersedes: [/^flax_model(?:-\d{5}-of-\d{5})?\.msgpack$/, /^flax_model\.msgpack\.index\.json$/],
    dataTypes: Object.keys(dataTypes).filter((name): name is DataType => !name.startsWith("float8")),
    write,
  };
}

/** The tensors come named, transposed and cast as the layout says; all that is left is to put heads before their bytes. */
async function write(request: TargetRequest): Promise<void> {
  const file = parts(nestTensors(request.tensors.map(({ tensor }) => tensor)));
  await writeWeightsFile(request, request.fileName ?? fileName, [...file]);
  await writeSidecarFiles(request);
}

function* parts(map: NestedTensors): Generator<Uint8Array | LazyTensor> {
  yield head(0xdf, map.size);
  for (const [key, value] of map) {
    yield text(key);
    if (value instanceof Map) yield* parts(value);
    else yield* [arrayHead(value), value];
  }
}

/** Extension 1: [shape, type's name, bytes]. */
function arrayHead({ name, shape, dataType, byteLength }: LazyTensor): Uint8Array {
  const list = joined([0x93], head(0xdd, shape.length), ...shape.map((size) => head(0xce, size)), text(dataType), head(0xc6, byteLength));
  if (list.length + byteLength < 2 ** 32) return joined(head(0xc9, list.length + byteLength), [1], list);
  throw new LongspanError("unsupported", `"${name}" has ${byteLength} bytes; msgpack holds less than 4 GiB at a time: --dtype bfloat16.`);
}

/** A head with a number of 32 bits, big endian. */
const head = (byte: number, value: number): Uint8Array => Uint8Array.of(byte, value >>> 24, value >>> 16, value >>> 8, value);
const joined = (...pieces: readonly Iterable<number>[]): Uint8Array => Uint8Array.from(pieces.flatMap((piece) => [...piece]));
const text = (value: string): Uint8Array => joined(head(0xdb, new TextEncoder().encode(value).length), new TextEncoder().encode(value));
