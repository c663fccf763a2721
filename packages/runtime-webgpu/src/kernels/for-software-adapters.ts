// What is loaded for software adapters: in one file, since bundlers make another of what each two of several share.
export { bufferedKernelCode } from "./attention/attention-buffered.ts";
export { registersKernelCode } from "./attention/attention-registers.ts";
export { foldQueriesKernelCode } from "./attention/fold-queries.ts";
export { projectRowsKernelCode } from "./attention/project-rows.ts";
export { laneKernelCode } from "./linear/lane-kernel.ts";
