import { LongspanError } from "@longspan/core";
import { budgetOf, type ContainerInput, type OpenedContainer } from "@longspan/core/adapter";
import { isExportArchive } from "../archive/archive-kind.ts";
import { readExportedWeights } from "../archive/export-archive.ts";
import { entrySource } from "../zip/entry-source.ts";
import { readZipArchive } from "../zip/zip-archive.ts";
import { torchZipContainer, verifiedUpTo } from "./torch-zip.ts";
import type { TorchZipOptions } from "./torch-zip.ts";

/** The state dict as a file of torch.save, in a program of torch 2.7 and before. */
const oldStateDict = /^(?:[^/]+\/)?serialized_state_dict\.pt$/;

/** See `torchExportContainer`. */
export async function openTorchExport(input: ContainerInput, options: TorchZipOptions): Promise<OpenedContainer> {
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
