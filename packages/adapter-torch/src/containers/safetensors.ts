import { LongspanError, stridedTensor, treeMap } from "@longspan/core";
import type { ByteSource, Container, ContainerInput, LazyTensor, OpenedContainer } from "@longspan/core";
import { looksLikeSafetensors, readSafetensorsHeader } from "@longspan/safetensors";
import type { SafetensorsEntry } from "@longspan/safetensors";
import { dataTypeOfSafetensors } from "../safetensors/data-types.ts";
import { withFileName } from "../safetensors/wrap-safetensors-error.ts";
import { refuseOrRethrow } from "../tree/refused-tensor.ts";
import type { RefusedTensor } from "../tree/refused-tensor.ts";

/** safetensors files: name `safetensors`. Hugging Face prefers them, so its folders are opened by them first. */
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

async function open({ source, signal }: ContainerInput): Promise<OpenedContainer> {
  const reader = { size: source.size, read: (offset: number, length: number) => source.read(offset, length, { signal }) };
  const header = await withFileName(source.name, () => readSafetensorsHeader(reader));
  const entries = header.tensors.map((entry) => [entry.name, tensorOf(source, entry)] as const);
  return { root: treeMap(entries), attributes: header.metadata ?? new Map(), warnings: [], close: async () => {} };
}

function tensorOf(source: ByteSource, { name, dataType, shape, offset, byteLength }: SafetensorsEntry): LazyTensor | RefusedTensor {
  return refuseOrRethrow({ className: `safetensors.${dataType}`, file: source.name, name }, () => {
    const known = dataTypeOfSafetensors(dataType);
    if (known === undefined) throw new LongspanError("unsupported", `its elements are ${dataType}, which Longspan does not have`);
    return stridedTensor({ name, dataType: known, shape, storage: { source, offset, byteLength } });
  });
}
