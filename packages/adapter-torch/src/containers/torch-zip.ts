import type { Container, ContainerProbe } from "@longspan/core/adapter";
import { isTorchArchive } from "../archive/archive-kind.ts";
import { firstEntryName } from "../zip/first-entry-name.ts";

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
    open: async (input) => (await import("./open-torch-zip.ts")).openTorchZip(input, verifiedUpTo(options)),
  };
}

/** torch writes `FOLDER/data.pkl` first; other orders (a repacked file) are found in the central directory. */
async function detect({ head, source }: ContainerProbe): Promise<{ specificity: number; evidence: string } | undefined> {
  const firstName = firstEntryName(head);
  if (firstName === undefined) return undefined;
  if (isTorchArchive([firstName])) return { specificity: 90, evidence: `a zip archive that begins with "${firstName}"` };
  try {
    const archive = await (await import("../zip/zip-archive.ts")).readZipArchive(source);
    return isTorchArchive(archive.entries.keys()) ? { specificity: 90, evidence: "a zip archive with data.pkl in its folder" } : undefined;
  } catch {
    return undefined;
  }
}
