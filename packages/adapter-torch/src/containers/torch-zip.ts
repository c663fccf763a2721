import type { Container } from "@longspan/core";

export interface TorchZipOptions {
  /** Whether the checksum of a storage that is read from its start to its end is compared with the archive's. Default true. */
  readonly verifyChecksums?: boolean;
}

/** The zip archives of `torch.save` (torch 1.6 and later): name `torch-zip`. */
export function torchZipContainer(options: TorchZipOptions = {}): Container {
  throw new Error(`not written yet ${String(options.verifyChecksums)}`);
}
