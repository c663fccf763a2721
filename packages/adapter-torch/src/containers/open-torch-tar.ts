import { LongspanError } from "@longspan/core";
import { budgetOf, type ContainerInput, type OpenedContainer, type TreeValue } from "@longspan/core/adapter";
import { asInteger, asString } from "@longspan/pickle";
import type { PickleValue } from "@longspan/pickle";
import { readTarMembers } from "../tar/tar-members.ts";
import type { TarMember } from "../tar/tar-members.ts";
import { MemberReader, readTarStorages, readTarTensors } from "../tar/tar-tensors.ts";
import type { TarReading, TarTensor } from "../tar/tar-tensors.ts";
import { refuseOrRethrow } from "../tree/refused-tensor.ts";
import { stridedView } from "../tree/rebuild-tensor.ts";
import { treeOfPickle } from "../tree/tree-of-pickle.ts";
import type { memberNames } from "../tar/torch-member-names.ts";

/** See `torchTarContainer`. */
export async function openTorchTar(input: ContainerInput): Promise<OpenedContainer> {
  const { source, signal } = input;
  const budget = budgetOf(input);
  const tar: TarReading = { source, budget, signal };
  const members = await readTarMembers(source, signal);
  const member = (name: (typeof memberNames)[number]): TarMember => {
    const found = members.get(name);
    if (found !== undefined) return found;
    const message = `${source.name} is a tar archive without the member "${name}", so not one of torch before 0.1.10. If it was packed by hand, unpack it first.`;
    throw new LongspanError("malformed", message, { details: { file: source.name, members: [...members.keys()] } });
  };
  const storages = await readTarStorages(tar, member("storages"));
  const tensors = await readTarTensors(tar, member("tensors"), storages);
  const reading = await new MemberReader(tar, member("pickle")).reading();
  const root = treeOfPickle(reading, {
    file: source.name,
    budget,
    resolveStorage: () => {
      throw new LongspanError("tensor-invalid", "it is built from a storage, which the tar format does not do");
    },
    // Here references name tensors, and several of these may look at one storage.
    storageKey(id) {
      const place = tensorOfKey(tensors, id)?.storage.storage.offset;
      return place === undefined ? undefined : String(place);
    },
    resolveId: (id, name) => tensorOfId(source.name, tensors, id, name),
  });
  return { root, attributes: new Map(), warnings: [], close: async () => {} };
}

function tensorOfId(file: string, tensors: ReadonlyMap<string, TarTensor>, id: PickleValue, name: string): TreeValue | undefined {
  const tensor = tensorOfKey(tensors, id);
  if (tensor === undefined) return undefined;
  return refuseOrRethrow({ className: "torch.Tensor", file, name }, () => stridedView(name, tensor.storage, undefined, tensor));
}

function tensorOfKey(tensors: ReadonlyMap<string, TarTensor>, id: PickleValue): TarTensor | undefined {
  const key = asString(id) ?? asInteger(id);
  return key === undefined ? undefined : tensors.get(String(key));
}
