import { flattenTree } from "../checkpoint/flatten-tree.ts";
import { tensorSearch } from "../checkpoint/tensor-search.ts";
import { isTensor, isTensorLike, isTreeMap, type TreeValue } from "../checkpoint/tree.ts";
import { whyNoTensor } from "../checkpoint/why-no-tensor.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Claim } from "./claim.ts";
import type { OpenedContainer } from "./container.ts";
import type { Envelope, EnvelopeContents, EnvelopeTensor, UnreadableTensor } from "./envelope.ts";

/** What makes an envelope of which the state dict is the whole file, or lies under one key. */
export interface StateDictEnvelopeOptions {
  /** Kebab case. */
  readonly name: string;
  /** Whether a container's contents are of this kind: by its attributes, or by what the root looks like. Must not throw. */
  detect(container: OpenedContainer): Claim | undefined;
  /** What stands between the keys of nested maps in names of the file, as reports show them: `/`. Layouts see dots. Default: `.`. */
  readonly separator?: string | undefined;
}

/**
 * The envelope of files that are the state dict and nothing else: a map of tensors, or maps within maps. What should be a tensor and is none
 * is named with its reason; values that are no tensors at all become metadata.
 */
export function stateDictEnvelope({ name, detect, separator = "." }: StateDictEnvelopeOptions): Envelope {
  return {
    name,
    detect,
    open({ root }) {
      if (!isTreeMap(root)) throw new LongspanError("malformed", "The file holds no map of tensors. Save the model's state dict.");
      return envelopeContents(
        flattenTree(root, separator).map(([key, value]) => ({ name: key.replaceAll(separator, "."), sourceName: key, value })),
      );
    },
  };
}

/** A value of a state dict, with the names of an `EnvelopeTensor`. */
export interface StateDictEntry {
  /** The path in the state dict, its keys joined by the envelope's separator. */
  readonly name: string;
  /** The path in the file, for reports. */
  readonly sourceName: string;
  /** A tensor, or what stands in its place. */
  readonly value: TreeValue;
}

/** The entries of a state dict, sorted: tensors, what should be one and cannot be read, and the rest as metadata. Of a name that stands twice, the last counts. */
export function envelopeContents(entries: Iterable<StateDictEntry>): EnvelopeContents {
  const tensors = new Map<string, EnvelopeTensor>();
  const unreadable = new Map<string, UnreadableTensor>();
  const metadata = new Map<string, TreeValue>();
  const holdsTensor = tensorSearch();
  for (const { name, sourceName, value } of entries) {
    for (const known of [tensors, unreadable, metadata]) known.delete(sourceName);
    if (isTensor(value)) {
      tensors.set(sourceName, { name, sourceName, tensor: value });
      continue;
    }
    const reason = isTensorLike(value) ? value.reason : whyNoTensor(name, value, holdsTensor);
    if (reason === undefined) metadata.set(sourceName, value);
    else unreadable.set(sourceName, { name, sourceName, reason });
  }
  return { tensors: [...tensors.values()], unreadable: [...unreadable.values()], dropped: [], metadata, warnings: [] };
}
