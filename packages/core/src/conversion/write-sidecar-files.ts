import type { TargetRequest } from "../adapter/target.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import type { ByteSink, DirectorySink } from "../bytes/sink.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { stringifyJson } from "../json/stringify-json.ts";

/** Tokenizer files have some megabytes at most. */
const pieceBytes = 2 ** 20;

/**
 * What lies beside weights: config.json, in Hugging Face's keys and sorted as transformers writes it, and the tokenizer's files.
 * Nothing when a single file is written. For targets to call last, so that a folder with a config.json has its weights.
 */
export async function writeSidecarFiles({ directory, config, sidecars, sink, signal }: TargetRequest): Promise<void> {
  if (!directory) return;
  const sorted = Object.fromEntries(Object.entries(config).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  await writeTextFile(sink, "config.json", `${stringifyJson(sorted, { indent: 2 })}\n`);
  for (const { fileName, source } of sidecars) {
    const file = await sink.file(fileName);
    await copyFile(source, file, signal);
    await file.close();
  }
}

/** A whole file of text, as UTF-8. */
export async function writeTextFile(sink: DirectorySink, fileName: string, text: string): Promise<void> {
  const file = await sink.file(fileName);
  await file.write(new TextEncoder().encode(text));
  await file.close();
}

async function copyFile(source: ByteSource, file: ByteSink, signal: AbortSignal | undefined): Promise<void> {
  for (let offset = 0; offset < source.size; offset += pieceBytes) {
    throwIfAborted(signal);
    await file.write(await source.read(offset, Math.min(pieceBytes, source.size - offset), { signal }));
  }
}
