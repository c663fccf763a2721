export { chooseRuntime, type ChosenRuntime, type RuntimeNeeds } from "./runtimes/choose-runtime.ts";
export type { Finding, RuntimeCandidate } from "./runtimes/runtime-candidate.ts";
