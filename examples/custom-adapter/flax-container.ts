import {
  bytesSource,
  type Claim,
  concatenatedTensor,
  type Container,
  type ContainerInput,
  type ContainerProbe,
  fileReader,
  type FileReader,
  isTensor,
  isTreeMap,
  memoryCosts,
  type OpenedContainer,
  treeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { msgpackHead } from "./msgpack.ts";

/** What transformers writes into the same folder for other frameworks. */
const besides = ["model.safetensors", "pytorch_model.bin", "tf_model.h5"].flatMap((name) => [name, `${name}.index.json`]);

/** Files of `flax.serialization.to_bytes` (flax/serialization.py): maps in msgpack, arrays as extensions. Opening reads no array's values. */
export function flaxContainer(): Container {
  return { name: "flax-msgpack", entryNames: ["flax_model.msgpack"], besides, detect, open };
}

/** Msgpack has no magic number: the file has to be a map whose first array, as flax writes it, lies within the head. */
async function detect({ head: bytes }: ContainerProbe): Promise<Claim | undefined> {
  try {
    const file = fileReader({ source: bytesSource(bytes, "head") });
    if ((await msgpackHead(file)).kind !== "map") return undefined;
    for (;;) {
      const head = await msgpackHead(file);
      if (head.kind === "text" || head.kind === "bytes") file.position += head.length;
      if (head.kind === "extension") return (await file.unsigned(2)) === 0x0193 ? { specificity: 60, evidence: "flax's array" } : undefined;
    }
  } catch {
    return undefined; // Other bytes, or no array among the first ones.
  }
}

async function open(input: ContainerInput): Promise<OpenedContainer> {
  return { root: await readValue(fileReader(input), []), attributes: new Map([["format", "flax"]]), warnings: [], close: async () => {} };
}

async function readValue(file: FileReader, path: readonly string[]): Promise<TreeValue> {
  const head = await msgpackHead(file);
  file.budget.spend(memoryCosts.value);
  if (head.kind === "scalar") return head.value;
  if (head.kind === "text") return file.text(head.length);
  if (head.kind === "extension") return readExtension(file, path.join("/"), head.length);
  if (head.kind === "bytes") return file.opaque("bytes", head.length);
  if (path.length > 64) throw file.malformed("its maps lie more than 64 deep in each other");
  const entries: [string, TreeValue][] = [];
  for (let index = 0; index < head.length; index++) {
    const key = head.kind === "map" ? await readValue(file, [...path, "?"]) : `${index}`;
    if (typeof key !== "string") throw file.malformed(`a key of "${path.join("/")}" is no text`);
    entries.push([key, await readValue(file, [...path, key])]);
    file.budget.spend(memoryCosts.entry);
  }
  file.budget.spend(memoryCosts.map);
  if (head.kind === "list") return { kind: "list", items: entries.map(([, item]) => item) };
  const map = treeMap(entries);
  if (map.get("__msgpack_chunked_array__") !== true) return map;
  // An array above 1 GiB: its shape, and flat pieces, both as maps from "0", "1", …
  const [shape, chunks] = [map.get("shape"), map.get("chunks")].map((part) =>
    isTreeMap(part) ? part.entries.map((_, index) => part.get(`${index}`)) : [undefined],
  );
  if (shape?.every((size) => typeof size === "number") && chunks?.every((piece) => isTensor(piece)))
    return concatenatedTensor(path.join("/"), shape, chunks);
  throw file.malformed(`"${path.join("/")}" is no array in chunks: a shape and flat pieces`);
}

/** Types 1, array, and 3, scalar of numpy: the shape, the type's name, the bytes in C order. */
async function readExtension(file: FileReader, name: string, length: number): Promise<TreeValue> {
  const [type, end] = [await file.unsigned(1), file.position + length];
  if (type !== 1 && type !== 3) return file.opaque(`msgpack extension ${type}`, length);
  const list = await msgpackHead(file);
  const [shape, dataType, bytes] = [await readValue(file, ["?"]), await readValue(file, ["?"]), await msgpackHead(file)];
  const sizes = typeof shape === "object" && shape?.kind === "list" ? shape.items : undefined;
  const isList = list.kind === "list" && list.length === 3 && sizes?.every((size) => typeof size === "number");
  if (!isList || typeof dataType !== "string" || bytes.kind !== "bytes" || file.position + bytes.length !== end)
    throw file.malformed(`"${name}" is no array of flax: a shape, a type and bytes`);
  return file.tensor({ name, dataType, shape: sizes, byteLength: bytes.length });
}
