// The kinds of output that are interrupted, and how each is written.
import { createConverter, type DirectorySink } from "@longspan/core";
import { directoryFileSet, directorySink, fileSink } from "@longspan/core/node";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { onnx } from "@longspan/runtime-ort/onnx";
import { basename, dirname } from "node:path";

interface Output {
  readonly target: string;
  readonly sink: (path: string, force: boolean) => Promise<DirectorySink>;
  /** One file is written, not a folder. */
  readonly isFile?: boolean;
  readonly externalData?: boolean;
  readonly shardBytes?: number;
}

const folder: Output["sink"] = (path, force) => directorySink(path, { force });

export const outputs: Readonly<Record<string, Output>> = {
  folder: { target: "hf", sink: folder },
  "Paddle's folder": { target: "paddle", sink: folder },
  shards: { target: "hf", sink: folder, shardBytes: 2_000_000 },
  file: { target: "torch", sink: (path, force) => fileSink(path, { force }), isFile: true },
  "ONNX folder": { target: "onnx", sink: folder },
  "ONNX with its data outside": {
    target: "onnx",
    sink: (path, force) => directorySink(dirname(path), { force, fileNames: [basename(path), `${basename(path)}.data`] }),
    isFile: true,
    externalData: true,
  },
};

export function outputOf(kind: string): Output {
  const output = outputs[kind];
  if (output === undefined) throw new Error(`no output is called ${kind}`);
  return output;
}

/** Writes the checkpoint of a folder as that kind of output. */
export async function writeOutput(kind: string, source: string, path: string, force: boolean): Promise<void> {
  const { target, sink, isFile, externalData, shardBytes } = outputOf(kind);
  const converter = createConverter({ adapters: [torch(), paddle(), onnx({ externalData })] });
  await using checkpoint = await converter.open({ files: directoryFileSet(source), fileName: "model.safetensors" });
  const plan = converter.plan(checkpoint, { target });
  await converter.convert(plan, { sink: await sink(path, force), shardBytes, fileName: isFile === true ? basename(path) : undefined });
}
