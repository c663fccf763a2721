import { type ByteSource, LongspanError } from "@longspan/core";
import { budgetOf, bytesSource, type ContainerInput, type OpenedContainer, tensorSearch, type TreeValue } from "@longspan/core/adapter";
import { archiveStorages } from "../archive/archive-storages.ts";
import { openTorchArchive } from "../archive/torch-archive.ts";
import { readPickleOf } from "../tree/read-pickle-of.ts";
import { treeOfPickle } from "../tree/tree-of-pickle.ts";

/** A `data.pkl` up to this size is read at once; a larger one in windows, after a pass for its checksum. */
const wholePickleBytes = 64 * 2 ** 20;

/** Bytes of one read of that pass. */
const passBytes = 4 * 2 ** 20;

/** See `torchZipContainer`. */
export async function openTorchZip(input: ContainerInput, maxVerifiedBytes: number): Promise<OpenedContainer> {
  const { source, signal } = input;
  const budget = budgetOf(input);
  const archive = await openTorchArchive(source, budget, signal);
  const part = `${archive.topFolder}/data.pkl`;
  const pickle = await checkedPickle(archive.pickle, signal);
  const reading = await readPickleOf({ file: source.name, part, budget }, pickle);
  const { end } = reading;
  const warnings = [...archive.warnings];
  if (end < pickle.size)
    warnings.push(`${source.name} (${part}) has ${pickle.size - end} bytes after the end of its pickle; they were not read.`);
  const root = treeOfPickle(reading, { file: source.name, budget, resolveStorage: archiveStorages(source, archive, maxVerifiedBytes) });
  refuseFrozen(source.name, archive.programConstants, root);
  return { root, attributes: new Map(), warnings, close: async () => {} };
}

/** A frozen program has the values of its parameters as numbered constants of its code, which alone says what they are. */
function refuseFrozen(file: string, constants: number | undefined, root: TreeValue): void {
  if (constants === undefined || constants === 0 || tensorSearch()(root)) return;
  throw new LongspanError(
    "unsupported",
    `${file} is a frozen TorchScript program: its parameters became ${constants} constants without names (torch.jit.freeze, torch.jit.optimize_for_inference). Give the program from before it was frozen, or the checkpoint that it was made from.`,
    { details: { file, constants } },
  );
}

/** The pickle's bytes after their checksum was right. */
async function checkedPickle(pickle: ByteSource, signal: AbortSignal | undefined): Promise<ByteSource> {
  if (pickle.size <= wholePickleBytes) return bytesSource(await pickle.read(0, pickle.size, { signal }), pickle.name);
  for (let offset = 0; offset < pickle.size; offset += passBytes) {
    await pickle.read(offset, Math.min(passBytes, pickle.size - offset), { signal });
  }
  return pickle;
}
