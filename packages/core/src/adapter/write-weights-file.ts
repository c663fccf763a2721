import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { TargetRequest } from "./target.ts";

/**
 * Writes one file of a target: bytes as they are, and tensors, whose bytes (C order, little endian) are copied in pieces, with reading and
 * writing overlapped and progress counted. A header and then all tensors, or a header before each.
 * @throws LongspanError from the sink or the sources.
 */
export async function writeWeightsFile(request: TargetRequest, fileName: string, parts: Iterable<Uint8Array | LazyTensor>): Promise<void> {
  const file = await request.sink.file(fileName);
  for (const part of parts) {
    if (!(part instanceof Uint8Array)) await request.copy(part, file);
    else if (part.byteLength > 0) await file.write(part);
  }
  await file.close();
}
