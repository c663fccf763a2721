import { type ByteSource, LongspanError } from "@longspan/core";
import { budgetOf, type ContainerInput, type OpenedContainer } from "@longspan/core/adapter";
import { describe } from "@longspan/pickle";
import type { PickleReading, PickleSource, PickleValue } from "@longspan/pickle";
import { legacyProtocolVersion, magicNumberValue } from "../legacy/legacy-header.ts";
import { legacyStorages } from "../legacy/legacy-storages.ts";
import { treeOfPickle } from "../tree/tree-of-pickle.ts";
import { readPickleOf } from "../tree/read-pickle-of.ts";

/** See `torchLegacyContainer`. */
export async function openTorchLegacy(input: ContainerInput): Promise<OpenedContainer> {
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
