// What is loaded for graphs that ask for attention probabilities.
export { globalProbabilitiesKernel } from "./attention/global-probabilities.ts";
export { windowProbabilitiesKernel } from "./attention/window-probabilities.ts";
