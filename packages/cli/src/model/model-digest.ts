import { createHash, type Hash } from "node:crypto";
import type { Checkpoint, FileSet } from "@longspan/core";
import { stringifyJson, tokenizerFileNames } from "@longspan/core/adapter";

/** Of each parameter so many bytes at its beginning, and as many in its middle: training changes them all. */
const sampledBytes = 256;

/** What a tokenizer is made of, and what sentence-transformers does with vectors. */
const namedFiles: readonly string[] = [
  ...tokenizerFileNames,
  "modules.json",
  "sentence_bert_config.json",
  "config_sentence_transformers.json",
];

/**
 * What a model is, whatever its place and its framework: a SHA-256 of its head, its configuration, samples of its parameters and its tokenizer's files. Of one on a
 * server, whose every sample would be a request, its address stands for the parameters.
 * @param tokenizer the files of `--tokenizer`, where there are any
 * @throws LongspanError what reading throws.
 */
export async function modelDigest(checkpoint: Checkpoint, tokenizer: FileSet | undefined, signal: AbortSignal): Promise<string> {
  const { name, head, config, files } = checkpoint;
  const hash = createHash("sha256").update(stringifyJson({ head: typeof head === "string" ? head : head?.name, config }));
  if (/^https?:/i.test(name)) hash.update(name);
  else
    for (const [parameter, tensor] of checkpoint.weights()) {
      const { dataType, shape, byteLength } = tensor;
      hash.update(stringifyJson([parameter, dataType, shape]));
      const length = Math.min(sampledBytes, byteLength);
      const middle = Math.floor((byteLength - length) / 2 / 8) * 8;
      for (const offset of middle === 0 ? [0] : [0, middle]) hash.update(await tensor.readBytes(offset, length, { signal }));
    }
  for (const fileName of namedFiles) await addFile(hash, fileName, tokenizer ?? files, signal);
  return hash.digest("hex");
}

async function addFile(hash: Hash, fileName: string, files: FileSet, signal: AbortSignal): Promise<void> {
  const source = await files.resolve(fileName, { signal });
  if (source === undefined) return;
  try {
    hash.update(fileName).update(await source.read(0, source.size, { signal }));
  } finally {
    await source.close();
  }
}
