// What is loaded for graphs that ask for attention probabilities.
export { globalProbabilitiesKernelCode } from "./attention/global-probabilities.ts";
export { windowProbabilitiesKernelCode } from "./attention/window-probabilities.ts";
