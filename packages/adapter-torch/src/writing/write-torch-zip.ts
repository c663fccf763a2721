import { type ByteSink, type LazyTensor, LongspanError } from "@longspan/core";
import { OrderedWrites } from "./ordered-writes.ts";
import { pickleOfValue } from "./pickle-of-value.ts";
import type { TorchValue } from "./torch-value.ts";
import { ZipWriter } from "./zip-writer.ts";

/** Copies a tensor's bytes (C order, little endian) into the sink; `TargetRequest.copy` is one. */
export type CopyTensor = (tensor: LazyTensor, to: ByteSink, observe?: (bytes: Uint8Array) => void) => Promise<void>;

/** What `writeTorchZip` writes. */
export interface TorchZipContents {
  /** What `torch.load` shall return. A tree: no value may contain itself. */
  readonly root: TorchValue;
  /** The archive's only top folder: torch takes the file's stem, or `archive`. One plain ASCII name. */
  readonly topFolder: string;
  /** Streams a tensor's bytes into the archive: `TargetRequest.copy`. */
  readonly copy: CopyTensor;
}

/** What torch writes in the entry `version` since 1.6 (caffe2/serialize/versions.h, kMinProducedFileFormatVersion). */
const archiveVersion = "3\n";

/**
 * Writes a file of `torch.save` (zip, torch 1.6 and later) that `torch.load` accepts with `weights_only=True` and `mmap=True`.
 * Every tensor is read once, in the order of first appearance in `root`. Waits for its own writes; does not close the sink.
 *
 * The entries `.format_version` and `.storage_alignment`, by which torch may compute offsets instead of reading them, and
 * `.data/serialization_id` are left out: the same values give the same bytes.
 * @throws LongspanError `unsupported` for a value torch could not load safely, `argument-invalid` for a top folder that is no plain
 *   name; whatever `copy` and the sink throw.
 */
export async function writeTorchZip(sink: ByteSink, { root, topFolder, copy }: TorchZipContents): Promise<void> {
  if (!/^[\w-][\w.-]*$/.test(topFolder)) {
    throw new LongspanError(
      "argument-invalid",
      `The top folder ${JSON.stringify(topFolder)} is no plain name of letters, digits, ".", "_" and "-".`,
    );
  }
  const { pickle, storages } = pickleOfValue(root, { format: "zip", storageKey: String });
  const out = new OrderedWrites(sink);
  const zip = new ZipWriter(out);
  const text = new TextEncoder();
  zip.addBytes(`${topFolder}/data.pkl`, pickle);
  zip.addBytes(`${topFolder}/byteorder`, text.encode("little"));
  for (const { key, tensor } of storages) {
    await zip.addStream(`${topFolder}/data/${key}`, tensor.byteLength, (observe) => copy(tensor, sink, observe));
  }
  zip.addBytes(`${topFolder}/version`, text.encode(archiveVersion));
  zip.finish();
  await out.finish();
}
