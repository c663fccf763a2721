export { chooseRuntime, type ChosenRuntime, type RuntimeNeeds } from "./runtimes/choose-runtime.ts";
export { servePage, type PageServer, type PageServerOptions } from "./page/page-server.ts";
export type { Finding, RuntimeCandidate } from "./runtimes/runtime-candidate.ts";
