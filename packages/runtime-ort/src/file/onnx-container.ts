import { type ByteSource, bytesPerElement, type DataType, elementCount, type LazyTensor, LongspanError } from "@longspan/core";
import {
  budgetOf,
  type Claim,
  type Container,
  type ContainerInput,
  type ContainerProbe,
  memoryCosts,
  type OpenedContainer,
  stridedTensor,
  treeMap,
} from "@longspan/core/adapter";
import { onnxDataTypes } from "../onnx/tensor-header.ts";
import { protobufReader, readVarint, type ProtobufField, type ProtobufReader } from "./read-protobuf.ts";

/** Far above what models have; beside them, all that a file says of itself comes out of the opening's budget of memory. */
const limits = {
  /** Bytes of a name. */
  name: 4096,
  /** Bytes of one metadata value: a config.json. */
  metadata: 16 * 2 ** 20,
  axes: 32,
} as const;

/** Field numbers of onnx.proto. */
const modelFields = { graph: 7, metadata: 14 } as const;
const graphFields = { initializer: 5 } as const;
const tensorFields = { dims: 1, dataType: 2, floatData: 4, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;
const entryFields = { key: 1, value: 2 } as const;

const typeOfNumber: ReadonlyMap<number, DataType> = /*#__PURE__*/ new Map(
  Object.entries(onnxDataTypes).map(([name, number]) => [number, name as DataType] as const),
);

/**
 * ONNX models, and the files of external data beside them: name `onnx`. The tree is a map of the graph's initializers, lazy; the attributes are
 * the model's `metadata_props`. Nodes are skipped. Initializers kept otherwise than as bytes are left out, with a warning.
 */
export function onnxContainer(): Container {
  // In a folder with weights of another form, those are what is meant.
  return { name: "onnx", entryNames: [], detect, open };
}

/** A ModelProto whose fields, as far as they can be seen, are those of onnx.proto: ir_version is there, small, and mostly the first. */
function detect({ head, source }: ContainerProbe): Claim | undefined {
  let version: bigint | undefined;
  for (let position = 0; position < head.length;) {
    const tag = readVarint(head, position);
    const content = tag === undefined ? undefined : readVarint(head, position + tag.length);
    if (tag === undefined || content === undefined) break;
    const [number, wireType] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    const isNumber = number === 1 || number === 5;
    if (wireType !== (isNumber ? 0 : 2) || ![1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26].includes(number)) return undefined;
    if (number === 1) version = content.value;
    const length = isNumber ? 0n : content.value;
    position += tag.length + content.length;
    if (BigInt(position) + length > BigInt(source.size)) return undefined;
    position += Number(length);
  }
  if (version === undefined || version < 1n || version > 1000n) return undefined;
  return { specificity: 60, evidence: `the messages of an ONNX model, IR version ${version}` };
}

interface StoredInitializer {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly bigint[];
  readonly inline: ProtobufField | undefined;
  readonly external: ReadonlyMap<string, string> | undefined;
}

async function open(input: ContainerInput): Promise<OpenedContainer> {
  const { source, files, signal } = input;
  const budget = budgetOf(input);
  const reader = protobufReader(source, signal);
  const attributes = new Map<string, string>();
  const stored: StoredInitializer[] = [];
  for await (const field of reader.fields(0, source.size)) {
    if (field.wireType !== 2) continue;
    if (field.number === modelFields.metadata) {
      budget.spend(2 * memoryCosts.text + 2 * memoryCosts.character * field.length);
      const [key, value] = await readEntry(reader, field);
      attributes.set(key, value);
    }
    if (field.number !== modelFields.graph) continue;
    for await (const inner of reader.fields(field.offset, field.offset + field.length)) {
      if (inner.number !== graphFields.initializer || inner.wireType !== 2) continue;
      budget.spend(2 * memoryCosts.tensor);
      stored.push(await readInitializer(reader, inner));
    }
  }
  const opened = new Map<string, ByteSource>();
  const close = async (): Promise<void> => {
    await Promise.all([...opened.values()].map((each) => each.close()));
  };
  try {
    const tensors = new Map<string, LazyTensor>();
    let elsewhere = 0;
    for (const initializer of stored) {
      if (tensors.has(initializer.name))
        throw new LongspanError("malformed", `${source.name}: the initializer "${initializer.name}" stands twice.`, {
          details: { tensor: initializer.name },
        });
      const place = await placeOf(initializer, source, async (location) => {
        const known = opened.get(location) ?? (await files.resolve(location, { signal, namedIn: source.name }));
        if (known !== undefined) opened.set(location, known);
        return known;
      });
      const dataType = typeOfNumber.get(initializer.dataType);
      if (place === undefined || dataType === undefined) elsewhere++;
      else tensors.set(initializer.name, tensorOf(initializer, dataType, place));
    }
    const warnings = elsewhere === 0 ? [] : [`${elsewhere} initializers are not kept as plain bytes of a known type and are left out.`];
    return { root: treeMap([...tensors]), attributes, warnings, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readEntry(reader: ProtobufReader, entry: ProtobufField): Promise<readonly [key: string, value: string]> {
  let [key, value] = ["", ""];
  for await (const field of reader.fields(entry.offset, entry.offset + entry.length)) {
    if (field.number === entryFields.key) key = await reader.text(field, limits.name);
    if (field.number === entryFields.value) value = await reader.text(field, limits.metadata);
  }
  return [key, value];
}

async function readInitializer(reader: ProtobufReader, tensor: ProtobufField): Promise<StoredInitializer> {
  let [name, dataType, isExternal] = ["", 0, false];
  let raw: ProtobufField | undefined;
  const typed: ProtobufField[] = [];
  const shape: bigint[] = [];
  const external = new Map<string, string>();
  for await (const field of reader.fields(tensor.offset, tensor.offset + tensor.length)) {
    const { number, wireType, value } = field;
    if (number === tensorFields.name) name = await reader.text(field, limits.name);
    else if (number === tensorFields.dataType) dataType = Number(value);
    else if (number === tensorFields.dims)
      shape.push(...(wireType === 0 ? [value] : packedNumbers(await reader.bytes(field, limits.name))));
    else if (number === tensorFields.rawData) raw = field;
    else if (number === tensorFields.floatData) typed.push(field);
    else if (number === tensorFields.dataLocation) isExternal = value === 1n;
    else if (number === tensorFields.externalData) external.set(...(await readEntry(reader, field)));
    if (shape.length > limits.axes)
      throw new LongspanError("limit-exceeded", `The initializer "${name}" has more than ${limits.axes} axes.`, {
        details: { tensor: name },
      });
  }
  return { name, dataType, shape, inline: raw ?? inlineFloats(name, dataType, typed), external: isExternal ? external : undefined };
}

/**
 * The bytes of `float_data`, which are the values where the type is float32; of other types it holds none (onnx.proto, TensorProto). Protocol buffers may
 * cut such a field into pieces; no writer of weights does.
 */
function inlineFloats(name: string, dataType: number, fields: readonly ProtobufField[]): ProtobufField | undefined {
  if (typeOfNumber.get(dataType) !== "float32") return undefined;
  if (fields.length > 1 || fields.some(({ wireType }) => wireType !== 2)) {
    throw new LongspanError(
      "unsupported",
      `The values of the initializer "${name}" lie in several pieces (float_data): save the model with onnx.save.`,
      {
        details: { tensor: name },
      },
    );
  }
  return fields[0];
}

function packedNumbers(bytes: Uint8Array): readonly bigint[] {
  const numbers: bigint[] = [];
  for (let position = 0; position < bytes.length;) {
    const found = readVarint(bytes, position);
    if (found === undefined) break;
    numbers.push(BigInt.asIntN(64, found.value));
    position += found.length;
  }
  return numbers;
}

interface Place {
  readonly source: ByteSource;
  readonly offset: number;
  readonly byteLength: number;
}

/** Undefined where an initializer has no bytes of its own (other protobuf fields). */
async function placeOf(
  { name, inline, external }: StoredInitializer,
  model: ByteSource,
  resolve: (location: string) => Promise<ByteSource | undefined>,
): Promise<Place | undefined> {
  if (external === undefined) return inline === undefined ? undefined : { source: model, offset: inline.offset, byteLength: inline.length };
  const location = external.get("location") ?? "";
  const source = await resolve(location);
  if (source === undefined) {
    throw new LongspanError(
      "not-found",
      `${model.name} keeps "${name}" in the file ${JSON.stringify(location)} beside it, which is not there.`,
      {
        details: { file: model.name, location },
      },
    );
  }
  const offset = Number(external.get("offset") ?? 0);
  const byteLength = Number(external.get("length") ?? source.size - offset);
  const fits =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(byteLength) &&
    offset >= 0 &&
    byteLength >= 0 &&
    offset + byteLength <= source.size;
  if (!fits) {
    throw new LongspanError(
      "truncated",
      `${model.name} keeps "${name}" in ${source.name}, ${external.get("length") ?? "?"} bytes from ${external.get("offset") ?? 0}, and that file has ${source.size}. It is incomplete, or another model's.`,
      { details: { file: source.name, tensor: name, size: source.size } },
    );
  }
  return { source, offset, byteLength };
}

function tensorOf({ name, shape: dims }: StoredInitializer, dataType: DataType, place: Place): LazyTensor {
  const shape = dims.map(Number);
  const wanted = elementCount(shape) * bytesPerElement(dataType);
  if (wanted !== place.byteLength) {
    throw new LongspanError(
      "tensor-invalid",
      `${place.source.name}: the initializer "${name}" is ${dataType} [${shape.join(", ")}], ${wanted} bytes, and has ${place.byteLength}. The file is damaged; write it again.`,
      { details: { tensor: name, shape, found: place.byteLength, expected: wanted } },
    );
  }
  return stridedTensor({ name, dataType, shape, storage: place });
}
