import { type ByteSink, type ByteSource, LongspanError, type TargetRequest } from "@longspan/core";

/** Tokenizer files have some megabytes at most. */
const pieceBytes = 1024 * 1024;

/** config.json, in Hugging Face's keys, and the tokenizer's files; nothing when a single file is written. */
export async function writeCompanionFiles(request: TargetRequest): Promise<void> {
  if (!request.directory) return;
  const config = await request.sink.file("config.json");
  await config.write(new TextEncoder().encode(`${JSON.stringify(request.config, null, 2)}\n`));
  await config.close();
  for (const { fileName, source } of request.sidecars) {
    // oxlint-disable-next-line no-await-in-loop -- a sink takes one file after the other
    const sink = await request.sink.file(fileName);
    // oxlint-disable-next-line no-await-in-loop
    await copyFile(source, sink, request.signal);
    // oxlint-disable-next-line no-await-in-loop
    await sink.close();
  }
}

async function copyFile(source: ByteSource, sink: ByteSink, signal: AbortSignal | undefined): Promise<void> {
  for (let offset = 0; offset < source.size; offset += pieceBytes) {
    if (signal?.aborted === true) throw new LongspanError("aborted", "Interrupted.", { cause: signal.reason });
    // oxlint-disable-next-line no-await-in-loop -- piece by piece, in order
    await sink.write(await source.read(offset, Math.min(pieceBytes, source.size - offset), { signal }));
  }
}
