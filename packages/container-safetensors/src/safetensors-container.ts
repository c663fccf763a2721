import { type ByteSource, type LazyTensor, LongspanError } from "@longspan/core";
import {
  budgetOf,
  type Container,
  type ContainerInput,
  memoryCosts,
  type OpenedContainer,
  stridedTensor,
  treeMap,
  type TreeOpaque,
} from "@longspan/core/adapter";
import { looksLikeSafetensors, readSafetensorsHeader } from "@longspan/safetensors";
import type { SafetensorsEntry } from "@longspan/safetensors";
import { dataTypeOfSafetensors } from "./data-types.ts";
import { withFileName } from "./with-file-name.ts";

/**
 * What stands in the tree for a tensor that could not be made: inert, so that a file with one odd tensor can still be looked
 * at; whoever needs the tensor throws the error.
 */
export interface RefusedTensor extends TreeOpaque {
  /** For people: why it cannot be read. */
  readonly reason: string;
  /** `unsupported`: its elements are of a type Longspan does not have; anything else: it is damaged. */
  readonly error: LongspanError;
}

/**
 * safetensors files: name `safetensors`. The tree is a map of names to lazy tensors (and `RefusedTensor`s); the attributes are the
 * file's `__metadata__`. Opening reads the header only, and throws LongspanError `truncated`, `malformed`, `limit-exceeded`,
 * `unsupported` (a type the format does not have), `tensor-invalid`.
 */
export function safetensorsContainer(): Container {
  return {
    name: "safetensors",
    entryNames: ["model.safetensors"],
    detect({ head, source }) {
      if (looksLikeSafetensors(head, source.size)) return { specificity: 85, evidence: "a safetensors header" };
      // A download that was cut off inside its header: opening it says so.
      const isCutOff = looksLikeSafetensors(head, Number.MAX_SAFE_INTEGER);
      return isCutOff ? { specificity: 40, evidence: "the beginning of a safetensors header" } : undefined;
    },
    open,
  };
}

async function open(input: ContainerInput): Promise<OpenedContainer> {
  const { source, signal } = input;
  const budget = budgetOf(input);
  const reader = { size: source.size, read: (offset: number, length: number) => source.read(offset, length, { signal }) };
  const header = await withFileName(source.name, budget, () => readSafetensorsHeader(reader, { limits: { memory: budget.left } }));
  budget.spend(header.memory + memoryCosts.tensor * header.tensors.length);
  const entries = header.tensors.map((entry) => [entry.name, tensorOf(source, entry)] as const);
  return { root: treeMap(entries), attributes: header.metadata ?? new Map(), warnings: [], close: async () => {} };
}

function tensorOf(source: ByteSource, entry: SafetensorsEntry): LazyTensor | RefusedTensor {
  const { name, dataType: formatName, shape, offset, byteLength } = entry;
  const dataType = dataTypeOfSafetensors(formatName);
  if (dataType === undefined) {
    return refused(source, entry, new LongspanError("unsupported", `its elements are ${formatName}, which Longspan does not have.`));
  }
  try {
    return stridedTensor({ name, dataType, shape, storage: { source, offset, byteLength } });
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    return refused(source, entry, error);
  }
}

function refused(source: ByteSource, { name, dataType }: SafetensorsEntry, cause: LongspanError): RefusedTensor {
  const error = new LongspanError(cause.code, `${source.name}: tensor "${name}": ${cause.message}`, {
    cause,
    details: { ...cause.details, file: source.name, tensor: name },
  });
  return { kind: "opaque", className: `safetensors.${dataType}`, reason: error.message, error };
}
