import { type ByteSink, type DataType, dataTypes, type LazyTensor } from "@longspan/core";
import { type Layout, type Target, type TargetRequest, writeSidecarFiles, writeTextFile } from "@longspan/core/adapter";
import { shardTensors } from "@longspan/container-safetensors";
import { storageClassNames } from "../writing/storage-classes.ts";
import type { TorchMap, TorchValue } from "../writing/torch-value.ts";
import type { CopyTensor } from "../writing/write-torch-zip.ts";

const weightsFileName = "pytorch_model.bin";

type WriteFile = (request: TargetRequest, file: ByteSink, fileName: string, root: TorchMap) => Promise<void>;

/** A state dict for `torch.load`, in the zip format of torch 1.6 and later. */
export function torchTarget(layout: Layout): Target {
  return {
    ...common(layout, async (request, file, fileName, root) => {
      const { writeTorchZip } = await import("../writing/write-torch-zip.ts");
      await writeTorchZip(file, { root, topFolder: topFolderOf(fileName), copy: copyOf(request) });
    }),
    name: "torch",
    description: "PyTorch state dict: pytorch_model.bin (torch 1.6 and later), config.json, tokenizer",
    container: "torch-zip",
    dataTypes: Object.keys(dataTypes) as DataType[],
  };
}

/** A state dict for torch of any age, in the stream format of before 1.6. */
export function torchLegacyTarget(layout: Layout): Target {
  return {
    ...common(layout, async (request, file, _fileName, root) => {
      const { writeTorchLegacy } = await import("../writing/write-torch-legacy.ts");
      await writeTorchLegacy(file, { root, copy: copyOf(request) });
    }),
    name: "torch-legacy",
    description: "PyTorch state dict in the format of torch before 1.6: pytorch_model.bin, config.json, tokenizer",
    container: "torch-legacy",
    dataTypes: Object.keys(storageClassNames) as DataType[],
  };
}

function common(
  layout: Layout,
  writeFile: WriteFile,
): Pick<Target, "layout" | "fileName" | "fileExtensions" | "supersedes" | "shards" | "write"> {
  return {
    layout,
    fileName: weightsFileName,
    fileExtensions: [".bin", ".pt", ".pth"],
    supersedes: [/^pytorch_model(?:-\d{5}-of-\d{5})?\.bin$/, /^pytorch_model\.bin\.index\.json$/],
    shards: true,
    write: (request) => write(request, writeFile),
  };
}

function copyOf(request: TargetRequest): CopyTensor {
  return (tensor, to, observe) => request.copy(tensor, to, observe);
}

async function write(request: TargetRequest, writeFile: WriteFile): Promise<void> {
  const { aliases } = request;
  const tensors = request.tensors.map(({ tensor }) => tensor);
  const { files, index } = await shardTensors(tensors, {
    fileName: request.fileName ?? weightsFileName,
    shardBytes: request.shardBytes,
    aliases,
    totalParameters: true,
  });
  for (const file of files) {
    const sink = await request.sink.file(file.fileName);
    await writeFile(request, sink, file.fileName, stateDict(file.tensors, aliases));
    await sink.close();
  }
  if (index !== undefined) await writeTextFile(request.sink, index.fileName, index.text);
  await writeSidecarFiles(request);
}

/** An OrderedDict of the tensors, and of the tied names whose tensor is among them: one storage, two names, as torch saves ties. */
function stateDict(tensors: readonly LazyTensor[], aliases: TargetRequest["aliases"]): TorchMap {
  const values = new Map<string, TorchValue>();
  for (const tensor of tensors) values.set(tensor.name, { kind: "tensor", tensor });
  for (const { name, of } of aliases) {
    const value = values.get(of);
    if (value !== undefined && !values.has(name)) values.set(name, value);
  }
  return { kind: "map", ordered: true, entries: [...values] };
}

/** torch names the folder after the file; a name that is not plain gets torch's other name for it. */
function topFolderOf(fileName: string): string {
  const stem = fileName.replace(/\.[^.]*$/, "");
  return /^[\w-][\w.-]*$/.test(stem) ? stem : "archive";
}
