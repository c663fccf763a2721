import { LongspanError } from "@longspan/core";
import type { ByteSink, ByteSource, TargetRequest } from "@longspan/core";

/** Tokenizer files have some megabytes at most. */
const pieceBytes = 2 ** 20;

/** config.json, in Hugging Face's keys and sorted as transformers writes it, and the tokenizer's files; nothing when a single file is written. */
export async function writeCompanionFiles(request: TargetRequest): Promise<void> {
  if (!request.directory) return;
  const sorted = Object.fromEntries(Object.entries(request.config).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  await writeText(request, "config.json", `${JSON.stringify(sorted, null, 2)}\n`);
  for (const { fileName, source } of request.sidecars) {
    // oxlint-disable-next-line no-await-in-loop -- a sink takes one file after the other
    const file = await request.sink.file(fileName);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await copyFile(source, file, request.signal);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await file.close();
  }
}

/** A whole file of text. */
export async function writeText(request: TargetRequest, fileName: string, text: string): Promise<void> {
  const file = await request.sink.file(fileName);
  await file.write(new TextEncoder().encode(text));
  await file.close();
}

async function copyFile(source: ByteSource, file: ByteSink, signal: AbortSignal | undefined): Promise<void> {
  for (let offset = 0; offset < source.size; offset += pieceBytes) {
    if (signal?.aborted === true) throw new LongspanError("aborted", "Interrupted.", { cause: signal.reason });
    // oxlint-disable-next-line no-await-in-loop -- piece by piece, in order
    await file.write(await source.read(offset, Math.min(pieceBytes, source.size - offset), { signal }));
  }
}
