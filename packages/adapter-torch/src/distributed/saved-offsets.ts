import { type ByteSource, type LazyTensor, LongspanError } from "@longspan/core";

/** Where in its tensor each block of a safetensors file lies (torch/distributed/checkpoint/_hf_utils.py, `CUSTOM_METADATA_KEY`). */
const offsetsKey = "DCP_SHARDING_INFO";

/**
 * Reads what a safetensors file of torch.distributed.checkpoint says of its blocks.
 * @returns gives the offsets of a block in its tensor, one for each axis, and throws `malformed` where the file does not say them
 * @throws LongspanError `malformed`
 */
export function savedOffsets(source: ByteSource, attributes: ReadonlyMap<string, string>): (name: string, block: LazyTensor) => number[] {
  const table = tableOf(source, attributes.get(offsetsKey));
  return (name, block) => {
    const given = table[name]?.saved_offsets;
    if (
      !Array.isArray(given) ||
      given.length !== block.shape.length ||
      !given.every((offset) => Number.isSafeInteger(offset) && offset >= 0)
    ) {
      throw damaged(source, `does not say which block of "${name}" it holds ("${offsetsKey}")`);
    }
    return given as number[];
  };
}

function tableOf(source: ByteSource, text: string | undefined): Readonly<Record<string, { readonly saved_offsets?: unknown } | undefined>> {
  try {
    const table: unknown = JSON.parse(text ?? "");
    if (typeof table === "object" && table !== null)
      return Object.assign(Object.create(null), table) as Record<string, { saved_offsets?: unknown }>;
  } catch {
    // Told below.
  }
  throw damaged(source, `has no table of blocks ("${offsetsKey}") in its metadata`);
}

function damaged(source: ByteSource, problem: string): LongspanError {
  return new LongspanError(
    "malformed",
    `${source.name} is a shard of a distributed checkpoint and ${problem}. Copy it again, or write the checkpoint again.`,
    {
      details: { file: source.name },
    },
  );
}
