import { elementCount, LongspanError } from "@longspan/core";
import { memoryCosts } from "@longspan/core/adapter";
import { cursor } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { parseDataspace } from "./dataspace.ts";
import { parseDatatype } from "./datatype.ts";
import type { Hdf5Type } from "./datatype.ts";
import { readHeapText } from "./global-heap.ts";
import type { Hdf5File } from "./hdf5-file.ts";
import { malformed } from "./malformed.ts";
import { messageTypes } from "./object-header.ts";
import type { HeaderMessage } from "./object-header.ts";

/** Names of all weights of a model of 1,000 layers. */
const maxTexts = 100_000;

/**
 * The attributes of an object that hold text, one or many. Others are left out, and so are those that lie outside the object's
 * header (more than eight of them, with HDF5 1.8's newer format): Keras writes none.
 * @throws LongspanError `malformed`, `limit-exceeded`, `truncated`.
 */
export async function readTextAttributes(file: Hdf5File, messages: readonly HeaderMessage[]): Promise<Map<string, readonly string[]>> {
  const attributes = new Map<string, readonly string[]>();
  for (const { type, body } of messages) {
    if (type !== messageTypes.attribute) continue;
    const { name, elementType, shape, values } = parseAttribute(file, body);
    if (shape === undefined || elementType === undefined || elementType.bytes === 0) continue;
    if (elementType.kind !== "fixed-text" && elementType.kind !== "variable-text") continue;
    const count = elementCount(shape);
    if (count > maxTexts) {
      throw new LongspanError("limit-exceeded", `${file.name}: the attribute "${name.slice(0, 200)}" lists more than ${maxTexts} texts.`, {
        details: { file: file.name },
      });
    }
    const texts: string[] = [];
    for (let index = 0; index < count; index++) {
      const element = values.bytes(elementType.bytes);
      const text = elementType.kind === "fixed-text" ? fixedText(element) : await readHeapText(file, element);
      file.budget.spend(memoryCosts.text + text.length * memoryCosts.character);
      texts.push(text);
    }
    attributes.set(name, texts);
  }
  return attributes;
}

interface Attribute {
  readonly name: string;
  /** Undefined for a type that is shared with other objects. */
  readonly elementType: Hdf5Type | undefined;
  readonly shape: readonly number[] | undefined;
  readonly values: Cursor;
}

/** Versions 1 to 3 (format specification, section IV.A.2.m): in version 1 name, type and dimensions are padded to 8 bytes each. */
function parseAttribute(file: Hdf5File, body: Uint8Array): Attribute {
  const fields = cursor(body, file, file.name, "an attribute");
  const version = fields.integer(1);
  if (version < 1 || version > 3) throw malformed(file.name, `an attribute has version ${version}`);
  const flags = fields.integer(1);
  const lengths = [fields.integer(2), fields.integer(2), fields.integer(2)];
  if (version === 3) fields.skip(1);
  const [nameBytes = body, typeBytes = body, spaceBytes = body] = lengths.map((length) => {
    const bytes = fields.bytes(length);
    if (version === 1) fields.align();
    return bytes;
  });
  const isShared = version > 1 && (flags & 1) !== 0;
  return {
    name: fixedText(nameBytes),
    elementType: isShared ? undefined : parseDatatype(cursor(typeBytes, file, file.name, "the type of an attribute")),
    shape: parseDataspace(cursor(spaceBytes, file, file.name, "the dimensions of an attribute"), file.name),
    values: fields,
  };
}

function fixedText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
