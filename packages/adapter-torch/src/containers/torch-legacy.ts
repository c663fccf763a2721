import { type ByteSource, LongspanError } from "@longspan/core";
import { budgetOf, type Container, type ContainerInput, type OpenedContainer } from "@longspan/core/adapter";
import { describe } from "@longspan/pickle";
import type { PickleReading, PickleSource, PickleValue } from "@longspan/pickle";
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

async function open(input: ContainerInput): Promise<OpenedContainer> {
  const { source, signal } = input;
  const budget = budgetOf(input);
  const pickles: PickleSource = { size: source.size, read: (offset, length) => source.read(offset, length, { signal }) };
  let position = 0;
  const nextReading = async (part: string): Promise<PickleReading> => {
    const reading = await readPickleOf({ file: source.name, part, budget }, pickles, position);
    position = reading.end;
    return reading;
  };
  const next = async (part: string): Promise<PickleValue> => (await nextReading(part)).value;
  expectValue(source, "magic number", await next("magic number"), magicNumberValue);
  expectValue(source, "protocol version", await next("protocol version"), legacyProtocolVersion);
  // What the writing machine was like; torch.load does not look either.
  await next("system information");
  const reading = await nextReading("object");
  const keys = await next("storage keys");
  // The walk that finds the storages remembers every node it has seen.
  budget.spend(reading.memory / 2);
  const { resolveStorage, end } = await legacyStorages(source, reading.value, keys, position, signal);
  const warnings = end < source.size ? [`${source.name} has ${source.size - end} bytes after its last storage; they were not read.`] : [];
  const root = treeOfPickle(reading, { file: source.name, budget, resolveStorage });
  return { root, attributes: new Map(), warnings, close: async () => {} };
}

function expectValue(source: ByteSource, what: string, found: PickleValue, expected: number | bigint): void {
  if (found === expected) return;
  const message = `${source.name}: the ${what} is ${describe(found)}, where ${expected} is expected. The file is damaged, or of an unknown version of torch: write it again with torch.save.`;
  throw new LongspanError("unsupported", message, { details: { file: source.name, found: describe(found) } });
}
