import type { Container } from "@longspan/core/adapter";
import { blockBytes, memberName } from "../tar/tar-header.ts";
import { memberNames } from "../tar/torch-member-names.ts";

/**
 * The tar archives of torch before 0.1.10: name `torch-tar`, read only. torch itself still reads them, outside of
 * `weights_only`.
 */
export function torchTarContainer(): Container {
  return {
    name: "torch-tar",
    entryNames: [],
    detect: ({ head }) =>
      beginsAsTorchTar(head) ? { specificity: 90, evidence: "a tar archive with a member of torch before 0.1.10" } : undefined,
    open: async (input) => (await import("./open-torch-tar.ts")).openTorchTar(input),
  };
}

/** One of the members stands within the first blocks: at once, or after an extended header with its time. */
function beginsAsTorchTar(head: Uint8Array): boolean {
  if (memberName(head) === undefined) return false;
  for (let offset = 0; offset + blockBytes <= head.length; offset += blockBytes) {
    const name = memberName(head.subarray(offset))?.replace(/^\.\//, "");
    if (memberNames.some((expected) => name === expected)) return true;
  }
  return false;
}
