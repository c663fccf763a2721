import type { ByteSource } from "@longspan/core";
import { budgetOf, type Container, type ContainerInput, isTreeMap, type OpenedContainer } from "@longspan/core/adapter";
import { shardedContainer } from "@longspan/container-safetensors";
import { readPickle } from "@longspan/pickle";
import { detectPickle } from "./detect-pickle.ts";
import { checkNameTable, nameTableKey } from "./name-table.ts";
import { pickleTree } from "./pickle-tree.ts";
import { joinSlicedParameters } from "./sliced-parameters.ts";
import { wrapPickleError } from "./wrap-pickle-error.ts";

/**
 * What paddle.save writes: `.pdparams` and `.pdopt`, one pickle each (protocol 2 to 5). Opening reads the pickle's instructions and skips the arrays' bytes, so it
 * costs the same whatever the file's size; nothing in the pickle is ever executed.
 */
export function paddlePickleContainer(): Container {
  return {
    name: "paddle-pickle",
    entryNames: ["model_state.pdparams"],
    detect: ({ head }) => detectPickle(head),
    open: openPickle,
  };
}

/** `model_state.pdparams.index.json` and the shards it names, as PaddleNLP writes them (paddlenlp/transformers/model_utils.py, `shard_checkpoint`). */
export function paddlePickleShardedContainer(): Container {
  return shardedContainer({
    name: "paddle-pickle-sharded",
    entryName: "model_state.pdparams.index.json",
    extensions: [".pdparams"],
    shardContainers: [paddlePickleContainer()],
    tables: [nameTableKey],
  });
}

/** Reads one pickle. @throws LongspanError `truncated`, `malformed`, `unsupported`, `limit-exceeded`, `tensor-invalid` */
async function openPickle(input: ContainerInput): Promise<OpenedContainer> {
  const { source, fileName, signal } = input;
  const budget = budgetOf(input);
  const reading = await readPickle(asPickleSource(source, signal), { limits: { memory: budget.left } }).catch((error: unknown) => {
    throw wrapPickleError(error, fileName, budget);
  });
  budget.spend(reading.memory);
  const { root, readAsBfloat16 } = pickleTree(reading, source, budget);
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
