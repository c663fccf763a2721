import type { Claim, Container, ContainerProbe } from "@longspan/core/adapter";
import { isExportArchive, isTorchArchive } from "../archive/archive-kind.ts";
import { firstEntryName } from "../zip/first-entry-name.ts";
import type { ZipArchive } from "../zip/zip-archive.ts";
import type { TorchZipOptions } from "./torch-zip.ts";

/** torch 2.7 and before: a zip without a folder (torch/export/__init__.py, `save`). */
const oldProgram = /^(?:[^/]+\/)?serialized_exported_program\.json$/;

/**
 * Programs of torch.export (`.pt2`): name `torch-export`, read only. Their weights lie in them under the names of the state dict; the program is not
 * looked at.
 */
export function torchExportContainer(options: TorchZipOptions = {}): Container {
  return {
    name: "torch-export",
    entryNames: [],
    detect,
    open: async (input) => (await import("./open-torch-export.ts")).openTorchExport(input, options),
  };
}

/** The directory is looked at only where the first entry is not that of torch.save. */
async function detect({ head, source }: ContainerProbe): Promise<Claim | undefined> {
  const first = firstEntryName(head);
  if (first === undefined || isTorchArchive([first])) return undefined;
  let archive: ZipArchive;
  try {
    archive = await (await import("../zip/zip-archive.ts")).readZipArchive(source);
  } catch {
    return undefined;
  }
  const names = [...archive.entries.keys()];
  const isProgram = isExportArchive(names) || names.some((name) => oldProgram.test(name));
  return isProgram && !isTorchArchive(names) ? { specificity: 95, evidence: "a zip archive with a program of torch.export" } : undefined;
}
