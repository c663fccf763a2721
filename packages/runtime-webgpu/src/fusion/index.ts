export { fusedOperations, gpuOperations } from "./fused-operations.ts";
export { fuseForGpu } from "./fuse-for-gpu.ts";
export { hostKnown } from "./host-known.ts";
