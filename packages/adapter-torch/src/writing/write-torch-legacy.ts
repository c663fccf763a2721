import type { ByteSink } from "@longspan/core";
import { dict, list, writePickle } from "@longspan/pickle";
import type { PickleInput } from "@longspan/pickle";
import { legacyProtocolVersion, magicNumberValue } from "../legacy/legacy-header.ts";
import { OrderedWrites } from "./ordered-writes.ts";
import { pickleOfValue } from "./pickle-of-value.ts";
import type { TorchValue } from "./torch-value.ts";
import type { CopyTensor } from "./write-torch-zip.ts";

/** What `writeTorchLegacy` writes. */
export interface TorchLegacyContents {
  /** What `torch.load` shall return. A tree: no value may contain itself. */
  readonly root: TorchValue;
  /** Streams a tensor's bytes into the file: `TargetRequest.copy`. */
  readonly copy: CopyTensor;
}

/** torch sorts the storages by key as text: keys of one width keep the order of the tensors. */
const keyDigits = 8;

/**
 * Writes a stream of `torch.save(_use_new_zipfile_serialization=False)`, which every torch from 0.1.10 on reads
 * (torch/serialization.py, `_legacy_save`). Waits for its own writes; does not close the sink.
 * @throws LongspanError `unsupported` for a value or an element type the format cannot hold; whatever `copy` and the sink throw.
 */
export async function writeTorchLegacy(sink: ByteSink, { root, copy }: TorchLegacyContents): Promise<void> {
  const { pickle, storages } = pickleOfValue(root, { format: "legacy", storageKey: (index) => String(index).padStart(keyDigits, "0") });
  const out = new OrderedWrites(sink);
  const system = dict([
    ["protocol_version", legacyProtocolVersion],
    ["little_endian", true],
    [
      "type_sizes",
      dict([
        ["short", 2],
        ["int", 4],
        ["long", 4],
      ]),
    ],
  ]);
  for (const value of [magicNumberValue, legacyProtocolVersion, system]) writeValue(out, value);
  out.write(pickle);
  writeValue(out, list(storages.map(({ key }) => key)));
  for (const { tensor } of storages) {
    const count = new Uint8Array(8);
    new DataView(count.buffer).setBigUint64(0, BigInt(tensor.shape.reduce((product, size) => product * size, 1)), true);
    out.write(count);
    await copy(tensor, sink);
    out.skip(tensor.byteLength);
  }
  await out.finish();
}

function writeValue(out: OrderedWrites, value: PickleInput): void {
  for (const segment of writePickle(value, { protocol: 2 })) if (segment instanceof Uint8Array) out.write(segment);
}
