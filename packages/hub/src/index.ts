export { hubModel } from "./hub-model.ts";
export type { HubOptions } from "./hub-options.ts";
export { parseRepositoryName, type RepositoryName } from "./repository-name.ts";
