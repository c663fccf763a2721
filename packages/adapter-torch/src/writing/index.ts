export type { TorchFloat, TorchList, TorchMap, TorchTensor, TorchValue } from "./torch-value.ts";
export { writeTorchLegacy } from "./write-torch-legacy.ts";
export type { TorchLegacyContents } from "./write-torch-legacy.ts";
export { writeTorchZip } from "./write-torch-zip.ts";
export type { CopyTensor, TorchZipContents } from "./write-torch-zip.ts";
