import { type ByteSource, LongspanError } from "@longspan/core";
import {
  budgetOf,
  bytesSource,
  type Container,
  type ContainerInput,
  type ContainerProbe,
  type OpenedContainer,
  tensorSearch,
  type TreeValue,
} from "@longspan/core/adapter";
import { archiveStorages } from "../archive/archive-storages.ts";
import { isTorchArchive, openTorchArchive } from "../archive/torch-archive.ts";
import { treeOfPickle } from "../tree/tree-of-pickle.ts";
import { firstEntryName } from "../zip/first-entry-name.ts";
import { readZipArchive } from "../zip/zip-archive.ts";
import { readPickleOf } from "../tree/read-pickle-of.ts";

/** How torch's archives are read. */
export interface TorchZipOptions {
  /**
   * Whether the checksum of a storage that is read from its start to its end is compared with the archive's: true for all, false for
   * none. Default: for those of up to 1 MiB. (torch.load compares none; for a model of 600 MB comparing all costs a quarter of a second.)
   */
  readonly verifyChecksums?: boolean | undefined;
}

/** Largest storage whose checksum is compared when nothing is said. */
const smallStorageBytes = 2 ** 20;

/** Storages of at most so many bytes have their checksum compared. */
export function verifiedUpTo({ verifyChecksums }: TorchZipOptions): number {
  if (verifyChecksums === undefined) return smallStorageBytes;
  return verifyChecksums ? Number.POSITIVE_INFINITY : -1;
}

/** A `data.pkl` up to this size is read at once; a larger one in windows, after a pass for its checksum. */
const wholePickleBytes = 64 * 2 ** 20;

/** Bytes of one read of that pass. */
const passBytes = 4 * 2 ** 20;

/**
 * The zip archives of `torch.save` (torch 1.6 and later), and those of TorchScript (torch.jit.save, `rust_model.ot`), which hold a module in the
 * same way: name `torch-zip`. The checksums of `data.pkl` and the other small
 * entries are always verified, those of tensors when they are read whole and in order.
 */
export function torchZipContainer(options: TorchZipOptions = {}): Container {
  return {
    name: "torch-zip",
    entryNames: ["pytorch_model.bin", "rust_model.ot"],
    detect,
    open: (input) => open(input, verifiedUpTo(options)),
  };
}

/** torch writes `FOLDER/data.pkl` first; other orders (a repacked file) are found in the central directory. */
async function detect({ head, source }: ContainerProbe): Promise<{ specificity: number; evidence: string } | undefined> {
  const firstName = firstEntryName(head);
  if (firstName === undefined) return undefined;
  if (isTorchArchive([firstName])) return { specificity: 90, evidence: `a zip archive that begins with "${firstName}"` };
  try {
    const archive = await readZipArchive(source);
    return isTorchArchive(archive.entries.keys()) ? { specificity: 90, evidence: "a zip archive with data.pkl in its folder" } : undefined;
  } catch {
    return undefined;
  }
}

async function open(input: ContainerInput, maxVerifiedBytes: number): Promise<OpenedContainer> {
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
