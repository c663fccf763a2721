import { LongspanError } from "@longspan/core";
import type { ByteSource, Container, ContainerInput, OpenedContainer } from "@longspan/core";
import { describe } from "@longspan/pickle";
import type { PickleSource, PickleValue } from "@longspan/pickle";
import { beginsAsLegacy, legacyProtocolVersion, magicNumberValue } from "../legacy/legacy-header.ts";
import { legacyStorages } from "../legacy/legacy-storages.ts";
import { treeOfPickle } from "../tree/tree-of-pickle.ts";
import { readPickleOf } from "../tree/read-pickle-of.ts";

/**
 * The streams of `torch.save` from 0.1.10 to 1.5, and of later versions with `_use_new_zipfile_serialization=False`: name
 * `torch-legacy`. Five pickles (magic number, version, system, object, storage keys) and then the storages. Opening reads every
 * storage's length, for only the one before tells where it lies.
 */
export function torchLegacyContainer(): Container {
  return {
    name: "torch-legacy",
    entryNames: ["pytorch_model.bin"],
    detect: ({ head }) => (beginsAsLegacy(head) ? { specificity: 95, evidence: "the magic number of torch.save before 1.6" } : undefined),
    open,
  };
}

async function open({ source, signal }: ContainerInput): Promise<OpenedContainer> {
  const pickles: PickleSource = { size: source.size, read: (offset, length) => source.read(offset, length, { signal }) };
  let position = 0;
  const next = async (part: string): Promise<PickleValue> => {
    const { value, end } = await readPickleOf(source.name, part, pickles, position);
    position = end;
    return value;
  };
  expectValue(source, "magic number", await next("magic number"), magicNumberValue);
  expectValue(source, "protocol version", await next("protocol version"), legacyProtocolVersion);
  // What the writing machine was like; torch.load does not look either.
  await next("system information");
  const value = await next("object");
  const keys = await next("storage keys");
  const { resolveStorage, end } = await legacyStorages(source, value, keys, position, signal);
  const warnings = end < source.size ? [`${source.name} has ${source.size - end} bytes after its last storage; they were not read.`] : [];
  const root = treeOfPickle(value, { file: source.name, resolveStorage });
  return { root, attributes: new Map(), warnings, close: async () => {} };
}

function expectValue(source: ByteSource, what: string, found: PickleValue, expected: number | bigint): void {
  if (found === expected) return;
  const message = `${source.name}: the ${what} is ${describe(found)}, where ${expected} is expected. The file is damaged, or of an unknown version of torch: write it again with torch.save.`;
  throw new LongspanError("unsupported", message, { details: { file: source.name, found: describe(found) } });
}
