import { LongspanError } from "@longspan/core";
import {
  budgetOf,
  type Claim,
  type Container,
  type ContainerInput,
  type ContainerProbe,
  type OpenedContainer,
} from "@longspan/core/adapter";
import { isExportArchive, readExportedWeights } from "../archive/export-archive.ts";
import { entrySource } from "../zip/entry-source.ts";
import { readZipArchive } from "../zip/zip-archive.ts";
import type { ZipArchive } from "../zip/zip-archive.ts";
import { firstEntryName } from "../zip/first-entry-name.ts";
import { isTorchArchive } from "../archive/torch-archive.ts";
import { torchZipContainer, verifiedUpTo } from "./torch-zip.ts";
import type { TorchZipOptions } from "./torch-zip.ts";

/** torch 2.7 and before: a zip without a folder, with the state dict as a file of torch.save in it (torch/export/__init__.py, `save`). */
const oldProgram = /^(?:[^/]+\/)?serialized_exported_program\.json$/;
const oldStateDict = /^(?:[^/]+\/)?serialized_state_dict\.pt$/;

/**
 * Programs of torch.export (`.pt2`): name `torch-export`, read only. Their weights lie in them under the names of the state dict; the program is not
 * looked at.
 */
export function torchExportContainer(options: TorchZipOptions = {}): Container {
  return { name: "torch-export", entryNames: [], detect, open: (input) => open(input, options) };
}

/** The directory is looked at only where the first entry is not that of torch.save. */
async function detect({ head, source }: ContainerProbe): Promise<Claim | undefined> {
  const first = firstEntryName(head);
  if (first === undefined || isTorchArchive([first])) return undefined;
  let archive: ZipArchive;
  try {
    archive = await readZipArchive(source);
  } catch {
    return undefined;
  }
  const names = [...archive.entries.keys()];
  const isProgram = isExportArchive(names) || names.some((name) => oldProgram.test(name));
  return isProgram && !isTorchArchive(names) ? { specificity: 95, evidence: "a zip archive with a program of torch.export" } : undefined;
}

async function open(input: ContainerInput, options: TorchZipOptions): Promise<OpenedContainer> {
  const { source, signal } = input;
  const { entries, warnings } = await readZipArchive(source, budgetOf(input), signal);
  if (isExportArchive(entries.keys())) {
    const root = await readExportedWeights(source, entries, verifiedUpTo(options), signal);
    return { root, attributes: new Map(), warnings, close: async () => {} };
  }
  const stateDict = [...entries.values()].find(({ name }) => oldStateDict.test(name));
  if (stateDict === undefined) {
    throw new LongspanError(
      "unsupported",
      `${source.name} is a program of torch.export without its state dict (serialized_state_dict.pt). Load it with the torch that wrote it and save the weights alone: torch.save(program.state_dict, "pytorch_model.bin").`,
      { details: { file: source.name } },
    );
  }
  const opened = await torchZipContainer(options).open({ ...input, source: entrySource(source, stateDict, false) });
  return { ...opened, warnings: [...warnings, ...opened.warnings] };
}
