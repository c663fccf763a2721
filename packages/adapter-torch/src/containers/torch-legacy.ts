import type { Container } from "@longspan/core/adapter";
import { beginsAsLegacy } from "../legacy/legacy-header.ts";

/**
 * The streams of `torch.save` from 0.1.10 to 1.5, and of later versions with `_use_new_zipfile_serialization=False`: name
 * `torch-legacy`. Five pickles (magic number, version, system, object, storage keys) and then the storages. Opening reads every
 * storage's length, for only the one before tells where it lies.
 */
export function torchLegacyContainer(): Container {
  return {
    name: "torch-legacy",
    entryNames: ["pytorch_model.bin"],
    detect: ({ head }) => (beginsAsLegacy(head) ? { specificity: 95, evidence: "the magic number of torch.save before 1.6" } : undefined),
    open: async (input) => (await import("./open-torch-legacy.ts")).openTorchLegacy(input),
  };
}
