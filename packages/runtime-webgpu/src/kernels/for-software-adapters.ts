// What is loaded for software adapters: in one file, since bundlers make another of what each two of several share.
export { bufferedKernel } from "./attention/attention-buffered.ts";
export { registersKernel } from "./attention/attention-registers.ts";
export { foldQueriesKernel } from "./attention/fold-queries.ts";
export { projectRowsKernel } from "./attention/project-rows.ts";
export { laneKernelCode } from "./linear/lane-kernel.ts";
