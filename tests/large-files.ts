// Files that are small, or of some megabytes, and would take a lot of memory to open: for `npm run bench:memory`, which measures whole
// processes, and with smaller counts for the test that nothing of the kind opens against its limit.
import { crc32 } from "node:zlib";

/** A file, and what lies beside it. */
export interface LargeFile {
  readonly fileName: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const encoder = new TextEncoder();

type Part = string | number | Uint8Array;

function bytes(...parts: readonly Part[]): Uint8Array {
  return joined(parts);
}

function joined(parts: readonly Part[]): Uint8Array {
  const pieces = parts.map((part) => {
    if (typeof part === "string") return encoder.encode(part);
    return typeof part === "number" ? Uint8Array.of(part) : part;
  });
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    whole.set(piece, position);
    position += piece.length;
  }
  return whole;
}

function repeated(piece: string | Uint8Array, count: number): Uint8Array {
  const once = typeof piece === "string" ? Uint8Array.from(piece, (character) => character.charCodeAt(0)) : piece;
  const whole = new Uint8Array(once.length * count);
  for (let index = 0; index < count; index++) whole.set(once, index * once.length);
  return whole;
}

/** So many pieces of one length, each with its number in four bytes. */
function numbered(count: number, before: string, after = ""): Uint8Array {
  const once = repeated(`${before}\0\0\0\0${after}`, 1);
  const whole = repeated(once, count);
  const view = new DataView(whole.buffer);
  for (let index = 0; index < count; index++) view.setInt32(index * once.length + before.length, index, true);
  return whole;
}

function uint32(value: number): Uint8Array {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value, true);
  return data;
}

function uint64(value: number): Uint8Array {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigUint64(0, BigInt(value), true);
  return data;
}

// Pickles, opcode by opcode.

function text(value: string): Uint8Array {
  const data = encoder.encode(value);
  return bytes("X", uint32(data.length), data);
}

/** A tensor of no elements, as torch rebuilds it; its parts are put into the memo as 0 to 3. */
const firstTensor = bytes(
  "ctorch._utils\n_rebuild_tensor_v2\nq\0((",
  text("storage"),
  "ctorch\nFloatStorage\n",
  text("0"),
  text("cpu"),
  "K\0tQq\x01K\0K\0",
  Uint8Array.of(0x85),
  "q\x02K\x01",
  Uint8Array.of(0x85, 0x89),
  "ccollections\nOrderedDict\n)RtR",
);
const nextTensor = bytes("h\0(h\x01K\0h\x02h\x02", 0x89, "NtR");

export const pickles: Readonly<Record<string, (count: number) => Uint8Array>> = {
  "empty dicts in a list": (count) => bytes("](", repeated("}", count), "e"),
  "nested lists": (count) => bytes(repeated("]", count), repeated("a", count - 1)),
  "nested tuples": (count) => bytes(")", repeated("\x85", count)),
  "nested dicts": (count) => bytes("}", repeated("K\0}", count - 1), repeated("s", count - 1)),
  "lists of one None": (count) => bytes("](", repeated("]Na", count), "e"),
  "dicts of one entry": (count) => bytes("](", repeated("}K\0Ns", count), "e"),
  "a dict of integers": (count) => bytes("}(", numbered(count, "J", "N"), "u"),
  "a dict of texts": (count) => bytes("}(", joined(Array.from({ length: count }, (_, index) => bytes(text(index.toString(36))), "N")), "u"),
  "a set of integers": (count) => bytes(0x8f, "(", numbered(count, "J"), 0x90),
  "frozen sets": (count) => bytes("](", repeated("(\x91", count), "e"),
  "a list of None": (count) => bytes("](", repeated("N", count), "e"),
  "a tuple of integers": (count) => bytes("(", repeated("K\x07", count), "t"),
  floats: (count) => bytes("](", repeated("G\x40\x09\x21\xfb\x54\x44\x2d\x18", count), "e"),
  "large integers": (count) => bytes("](", repeated("\x8a\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09", count), "e"),
  "empty bytes": (count) => bytes("](", repeated("C\0", count), "e"),
  "short texts": (count) => bytes("](", repeated("X\x02\0\0\0ab", count), "e"),
  "texts of 60 kB": (count) => bytes("](", repeated(text("x".repeat(60_000)), count), "e"),
  marks: (count) => bytes("](", repeated("(", count), repeated("1", count), "Ne"),
  "memo entries": (count) => bytes("N", repeated("\x94", count)),
  "scattered memo entries": (count) => {
    const whole = numbered(count, "r");
    const view = new DataView(whole.buffer);
    for (let index = 0; index < count; index++) view.setUint32(index * 5 + 1, index * 1000, true);
    return bytes("N", whole);
  },
  objects: (count) => bytes("ca\nb\nq\0](", repeated("h\0)R", count), "e"),
  "objects with a state": (count) => bytes("ca\nb\nq\0](", repeated("h\0)RNb", count), "e"),
  "objects with an item": (count) => bytes("ca\nb\nq\0](", repeated("h\0)RK\0Ns", count), "e"),
  instances: (count) => bytes("ca\nb\nq\0](", repeated("h\0)\x81", count), "e"),
  "calls within calls": (count) => bytes("ca\nb\nq\0", repeated("h\0", count), "h\0)R", repeated("\x85R", count)),
  "persistent ids": (count) => bytes("](", repeated("NQ", count), "e"),
  "a nested tuple as a key": (count) => bytes("}N", repeated("\x85", count), "Ns"),
  "tuples as keys": (count) => bytes("}(", numbered(count, "J", "\x85N"), "u"),
  names: (count) => bytes("](", joined(Array.from({ length: count }, (_, index) => bytes(`ca\n${index.toString(36)}\n`))), "e"),
  tensors: (count) =>
    bytes(
      "}(",
      text("a"),
      firstTensor,
      joined(Array.from({ length: count }, (_, index) => bytes(text(index.toString(36))), nextTensor)),
      "u",
    ),
  "tensors in a list": (count) => bytes("](", firstTensor, repeated(nextTensor, count), "e"),
  "tensors under a name of 500 kB": (count) =>
    bytes("}", text("x".repeat(500_000)), "}(", text("a"), firstTensor, numbered(count, "J", String.fromCharCode(...nextTensor)), "us"),
  "objects under a name of 500 kB": (count) => bytes("}", text("x".repeat(500_000)), "ca\nb\nq\0](", repeated("h\0)R", count), "es"),
  "a config of shared lists": (count) => {
    const level = bytes("](", repeated("h\0", 30), "eq\0");
    return bytes(
      "}(",
      text("state_dict"),
      "}",
      text("a"),
      firstTensor,
      "s",
      text("config"),
      "}(",
      text("model_type"),
      text("longformer"),
      text("x"),
      "K\x01q\0",
      repeated(level, count),
      "uu",
    );
  },
};

function pickled(body: Uint8Array): Uint8Array {
  return bytes(0x80, 2, body, ".");
}

/** A zip archive of torch.save around a pickle. */
export function torchZip(body: Uint8Array): LargeFile {
  const entries = { "data.pkl": pickled(body), version: encoder.encode("3\n"), "data/0": new Uint8Array(0) };
  return { fileName: "model.pt", files: { "model.pt": zip(Object.entries(entries).map(([name, data]) => [`archive/${name}`, data])) } };
}

/** A legacy stream of torch.save around a pickle. */
export function torchLegacy(body: Uint8Array): LargeFile {
  const magic = bytes(0x80, 2, 0x8a, 10, Uint8Array.of(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19), ".");
  const whole = bytes(magic, 0x80, 2, "M", 0xe9, 0x03, ".", 0x80, 2, "}.", pickled(body), 0x80, 2, "].");
  return { fileName: "model.pt", files: { "model.pt": whole } };
}

/** A pickle of paddle.save: known as one by its table. */
export function paddlePickle(body: Uint8Array): LargeFile {
  const whole = bytes(0x80, 4, "}(", text("StructuredToParameterName@@"), "}", text("x"), body, "u.");
  return { fileName: "model.pdparams", files: { "model.pdparams": whole } };
}

/** A Lightning checkpoint with hyper-parameters. */
export function lightningCheckpoint(body: Uint8Array): LargeFile {
  return torchZip(
    bytes(
      "}(",
      text("pytorch-lightning_version"),
      text("2.6.0"),
      text("state_dict"),
      "}",
      text("hyper_parameters"),
      "}",
      text("x"),
      body,
      "su",
    ),
  );
}

function zip(entries: readonly (readonly [name: string, data: Uint8Array])[]): Uint8Array {
  const records: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const [name, data] of entries) {
    const nameBytes = encoder.encode(name);
    const common = bytes(
      repeated("\0", 6),
      uint32(crc32(data)),
      uint32(data.length),
      uint32(data.length),
      nameBytes.length & 255,
      nameBytes.length >> 8,
      0,
      0,
    );
    directory.push(bytes("PK\x01\x02", 20, 0, 20, 0, repeated("\0", 2), common, repeated("\0", 10), uint32(position), nameBytes));
    const record = bytes("PK\x03\x04", 20, 0, repeated("\0", 2), common, nameBytes, data);
    records.push(record);
    position += record.length;
  }
  const central = joined(directory);
  const end64 = bytes(
    "PK\x06\x06",
    uint64(44),
    45,
    0,
    45,
    0,
    repeated("\0", 8),
    uint64(entries.length),
    uint64(entries.length),
    uint64(central.length),
    uint64(position),
  );
  const locator = bytes("PK\x06\x07", uint32(0), uint64(position + central.length), uint32(1));
  const end = bytes("PK\x05\x06", repeated("\0", 4), repeated("\xff", 12), 0, 0);
  return joined([...records, central, end64, locator, end]);
}

function safetensors(header: string): LargeFile {
  const data = encoder.encode(header);
  return { fileName: "model.safetensors", files: { "model.safetensors": bytes(uint64(data.length), data) } };
}

function emptyTensor(name: string, shape: readonly number[] = [0]): string {
  return `"${name}":{"dtype":"F32","shape":[${shape.join()}],"data_offsets":[0,0]}`;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => index.toString(36));
}

/** A `.pdiparams` of tensors without elements. */
function paddleCombined(count: number, beside: Readonly<Record<string, Uint8Array>> = {}): LargeFile {
  const tensor = bytes(uint32(0), uint64(0), uint32(0), uint32(4), 8, 5, 16, 0);
  return { fileName: "model.pdiparams", files: { "model.pdiparams": repeated(tensor, count), ...beside } };
}

const smallTensor = safetensors(`{${emptyTensor("a")}}`).files["model.safetensors"] ?? new Uint8Array(0);

/** As much of a Longformer as it takes for its config.json to be read. */
const longformer = `{${[
  emptyTensor("embeddings.LayerNorm.weight"),
  emptyTensor("encoder.layer.0.attention.self.query_global.weight", [0, 0]),
  emptyTensor("encoder.layer.0.output.LayerNorm.weight"),
  emptyTensor("encoder.layer.0.intermediate.dense.weight", [0, 1]),
  emptyTensor("encoder.layer.0.intermediate.dense.bias"),
].join(",")}}`;

function withConfig(config: string): LargeFile {
  const { fileName, files } = safetensors(longformer);
  return { fileName, files: { ...files, "config.json": encoder.encode(config) } };
}

function onnx(count: number): LargeFile {
  // initializer { dims: 0, data_type: FLOAT, name, raw_data: "" }
  const initializers = names(count).map((name) => {
    const content = bytes(8, 0, 16, 1, 0x42, name.length, name, 0x4a, 0);
    return bytes(0x2a, content.length, content);
  });
  const graph = joined(initializers);
  return { fileName: "model.onnx", files: { "model.onnx": bytes(8, 9, 0x3a, varint(graph.length), graph) } };
}

function varint(value: number): Uint8Array {
  const data: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) data.push((left % 128) + 128);
  return Uint8Array.from([...data, left]);
}

/** Files that are no pickles, by count. */
export const otherFiles: Readonly<Record<string, (count: number) => LargeFile>> = {
  "safetensors: empty tensors, one with a name of 500 kB": (count) =>
    safetensors(`{${[emptyTensor("x".repeat(500_000)), ...names(count).map((name) => emptyTensor(name))].join(",")}}`),
  "safetensors: tensors under 40 prefixes": (count) =>
    safetensors(
      `{${names(count)
        .map((name, index) => emptyTensor(`p${index % 40}.${name}`))
        .join(",")}}`,
    ),
  "safetensors: metadata": (count) =>
    safetensors(
      `{"__metadata__":{${names(count)
        .map((name) => `"${name}":""`)
        .join(",")}},${emptyTensor(".")}}`,
    ),
  "safetensors: dimensions": (count) =>
    safetensors(
      `{${names(count)
        .map((name) => `"${name}":{"dtype":"F32","shape":[0${",1".repeat(1000)}],"data_offsets":[0,0]}`)
        .join(",")}}`,
    ),
  "shard index": (count) => ({
    fileName: "model.safetensors.index.json",
    files: {
      "model.safetensors.index.json": encoder.encode(
        `{"weight_map":{${names(count)
          .map((name) => `"${name}":"a.safetensors"`)
          .join(",")}}}`,
      ),
      "a.safetensors": smallTensor,
    },
  }),
  "pdiparams: empty tensors": (count) => paddleCombined(count),
  "pdiparams: a list of names": (count) =>
    paddleCombined(1, {
      "model.names.json": encoder.encode(
        `[${names(count)
          .map((name) => `"${name}"`)
          .join(",")}]`,
      ),
    }),
  "config.json: empty lists": (count) => withConfig(`{"x":[${"[],".repeat(count)}0]}`),
  "config.json: a nest": (count) => withConfig(`{"x":${"[".repeat(count)}${"]".repeat(count)}}`),
  "config.json: texts": (count) => withConfig(`{"x":[${'"a",'.repeat(count)}0]}`),
  "zip: entries": (count) => {
    const pickle: [string, Uint8Array] = ["archive/data.pkl", pickled(bytes("}"))];
    const entries = names(count).map((name): [string, Uint8Array] => [`archive/data/${name}`, new Uint8Array(0)]);
    return { fileName: "model.pt", files: { "model.pt": zip([pickle, ["archive/version", encoder.encode("3\n")], ...entries]) } };
  },
  "onnx: initializers": onnx,
};

/** A layout file of rules that each stand for one name. */
export function layoutRules(count: number): string {
  const rules = names(count).map((name) => `{"from":"encoder.layer.{i}.x${name}","to":"layer.{i}.y${name}"}`);
  return `{"version":1,"name":"many","rules":[${rules.join(",")}]}`;
}

/** A layout file of one rule, whose two choices of so many names stand for their product. */
export function layoutChoices(count: number): string {
  const choice = (letter: string): string =>
    names(count)
      .map((name) => letter + name)
      .join("|");
  const side = `{p:${choice("a")}}.{q:${choice("b")}}`;
  return `{"version":1,"name":"choices","rules":[{"from":"encoder.${side}","to":"layer.${side}"}]}`;
}
