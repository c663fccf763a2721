import { type ByteSource, type Container, type ContainerInput, type OpenedContainer, isTreeMap } from "@longspan/core";
import { readPickle } from "@longspan/pickle";
import { detectShardIndex, looksLikeIndex } from "../shards/detect-shard-index.ts";
import { openShards } from "../shards/open-shards.ts";
import { detectPickle } from "./detect-pickle.ts";
import { checkNameTable, nameTableKey } from "./name-table.ts";
import { pickleTree } from "./pickle-tree.ts";
import { joinSlicedParameters } from "./sliced-parameters.ts";
import { wrapPickleError } from "./wrap-pickle-error.ts";

/**
 * What paddle.save writes: `.pdparams` and `.pdopt`, one pickle each (protocol 2 to 5), and PaddleNLP's shards with their index. Opening reads the pickle's
 * instructions and skips the arrays' bytes, so it costs the same whatever the file's size; nothing in the pickle is ever executed.
 */
export function paddlePickleContainer(): Container {
  return {
    name: "paddle-pickle",
    entryNames: ["model_state.pdparams", "model_state.pdparams.index.json"],
    detect: ({ head }) => detectPickle(head) ?? detectShardIndex(head, ".pdparams"),
    open: async (input) => {
      const start = await input.source.read(0, Math.min(1, input.source.size), {
        signal: input.signal,
      });
      return looksLikeIndex(start) ? openShards(input, openPickle, (key) => key === nameTableKey) : openPickle(input);
    },
  };
}

/** Reads one pickle. @throws LongspanError `truncated`, `malformed`, `unsupported`, `limit-exceeded`, `tensor-invalid` */
export async function openPickle({
  source,
  fileName,
  signal,
}: Pick<ContainerInput, "source" | "fileName" | "signal">): Promise<OpenedContainer> {
  const reading = await readPickle(asPickleSource(source, signal)).catch((error: unknown) => {
    throw wrapPickleError(error, fileName);
  });
  const { root, readAsBfloat16 } = pickleTree(reading.value, source);
  const warnings: string[] = [];
  if (readAsBfloat16.length > 0) {
    const [first = ""] = readAsBfloat16;
    warnings.push(
      `${readAsBfloat16.length} tensors ("${first}"${readAsBfloat16.length > 1 ? ", …" : ""}) are stored as uint16 and read as bfloat16, as paddle.load reads them.`,
    );
  }
  const trailing = source.size - reading.end;
  if (trailing > 0) warnings.push(`${trailing} bytes after the pickle were not read; paddle.load ignores them too.`);
  const missing = isTreeMap(root) ? checkNameTable(root) : undefined;
  if (missing !== undefined) warnings.push(missing);
  return {
    root: isTreeMap(root) ? joinSlicedParameters(root, fileName) : root,
    attributes: new Map([["pickle-protocol", String(reading.protocol)]]),
    warnings,
    close: async () => {},
  };
}

function asPickleSource(
  source: ByteSource,
  signal: AbortSignal | undefined,
): { readonly size: number; read(offset: number, length: number): Promise<Uint8Array> } {
  return { size: source.size, read: (offset, length) => source.read(offset, length, { signal }) };
}
