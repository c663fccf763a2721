import type { ByteSource } from "../bytes/byte-source.ts";
import type { FileSet } from "../bytes/file-set.ts";
import { memoryBudget, type MemoryBudget } from "../accounting/memory-budget.ts";
import type { TreeValue } from "../checkpoint/tree.ts";
import type { Claim } from "./claim.ts";

/** What a detector may look at: never the file's name alone. */
export interface ContainerProbe {
  /** All of the file, where the head does not tell: reads should be few and small. */
  readonly source: ByteSource;
  /** The first bytes of the source, at most 4096. */
  readonly head: Uint8Array;
}

/** What a container is opened of. */
export interface ContainerInput {
  /** The file's bytes; the caller closes it. */
  readonly source: ByteSource;
  /** The source's plain name within `files`. */
  readonly fileName: string;
  /** What lies beside it: shards, name lists. */
  readonly files: FileSet;
  /** What the opening may still take of memory: see `budgetOf`. */
  readonly budget?: MemoryBudget | undefined;
  /** Ends the opening when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The budget that a container spends from for all it keeps of what a file says of itself; one by the file's size where none was given.
 * Hand the same one to the containers of shards.
 */
export function budgetOf({ budget, source }: Pick<ContainerInput, "budget" | "source">): MemoryBudget {
  return budget ?? memoryBudget(source.name, source.size);
}

/** A file's contents as inert data, its tensors not yet read. */
export interface OpenedContainer {
  /** What the file holds, as inert data with lazy tensors. */
  readonly root: TreeValue;
  /** Text the file says about itself, such as the safetensors `__metadata__`. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Sentences for the user: anything odd that was survived. */
  readonly warnings: readonly string[];
  /** Closes what `open` itself opened (shards); the given source stays the caller's. */
  close(): Promise<void>;
}

/**
 * A file format: bytes → inert tree with lazy tensors. Opening reads headers, never payloads. Two adapters may bring the same
 * format: containers of one name are one format, and the first one listed opens it.
 */
export interface Container {
  /** Kebab case: `torch-zip`, `safetensors`. */
  readonly name: string;
  /** Files that hold weights when a folder is opened, the preferred first. */
  readonly entryNames: readonly string[];
  /**
   * Well-known files of other containers that hold the same model by convention where they lie beside these: the one that is listed first is read, and
   * the others are noted. Without that, files of two frameworks in one folder are ambiguous. Default: none.
   */
  readonly besides?: readonly string[] | undefined;
  /** Must not throw on any bytes. */
  detect(probe: ContainerProbe): Claim | undefined | Promise<Claim | undefined>;
  /**
   * Reads what stands between the values; tensors stay lazy, and none of their bytes is read.
   * @throws LongspanError `truncated`, `malformed`, `unsupported`, `limit-exceeded`, `not-found` (a shard), `aborted`.
   */
  open(input: ContainerInput): Promise<OpenedContainer>;
}
