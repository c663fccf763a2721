import { basename } from "node:path";
import { LongspanError } from "@longspan/core";
import type { GraphDataType, GraphTensor } from "@longspan/core/graph";
import { fileSink } from "@longspan/core/node";
import { planSafetensors, type SafetensorsDataType } from "@longspan/safetensors";

const dataTypes: Readonly<Record<GraphDataType, SafetensorsDataType>> = { float32: "F32", int32: "I32", bool: "BOOL" };

export interface SafetensorsFile {
  /** Writes the tensors; the file appears when all of it is on the disk. Returns its path. */
  write(tensors: Readonly<Record<string, GraphTensor>>): Promise<string>;
  /** Leaves nothing behind; nothing at all after `write`. */
  abandon(): Promise<void>;
}

/**
 * Makes sure that a file can be written, before the work whose result goes into it.
 * @throws LongspanError `target-exists`, `target-is-source`, `not-found` (no folder to hold it), `permission-denied`.
 */
export async function openSafetensorsFile(
  path: string,
  options: { readonly force: boolean; readonly sources: readonly string[]; readonly onNote: (note: string) => void },
): Promise<SafetensorsFile> {
  const sink = await fileSink(path, options);
  let written = false;
  return {
    async write(tensors) {
      const plan = planSafetensors(
        Object.entries(tensors).map(([name, { dataType, shape }]) => ({ name, dataType: dataTypes[dataType], shape })),
      );
      const file = await sink.file(basename(path));
      await file.write(plan.header);
      for (const { name } of plan.tensors) {
        const tensor = tensors[name];
        if (tensor === undefined) throw new LongspanError("argument-invalid", `There is no tensor "${name}".`);
        const { data } = tensor;
        await file.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      await file.close();
      const [place = path] = await sink.commit();
      written = true;
      return place;
    },
    async abandon() {
      if (!written) await sink.abort();
    },
  };
}
