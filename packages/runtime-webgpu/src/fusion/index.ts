export { addNormalization } from "./add-normalization.ts";
export { embeddingNormalization } from "./embedding-normalization.ts";
export { linearActivation } from "./linear-activation.ts";
export { linearAdd } from "./linear-add.ts";
export { fusedOperations, gpuOperations } from "./fused-operations.ts";
export { fuseForGpu } from "./fuse-for-gpu.ts";
