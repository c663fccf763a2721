export { torchZipContainer } from "./containers/torch-zip.ts";
export type { TorchZipOptions } from "./containers/torch-zip.ts";
export type { TorchFloat, TorchList, TorchMap, TorchTensor, TorchValue } from "./writing/torch-value.ts";
export { writeTorchZip } from "./writing/write-torch-zip.ts";
export type { CopyTensor, TorchZipContents } from "./writing/write-torch-zip.ts";
