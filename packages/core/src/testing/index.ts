export type { Expectation, TestKit } from "./test-kit.ts";
export { seededCheckpoint, smallConfig, type SeededCheckpointOptions } from "./seeded-checkpoint.ts";
export { testLayout } from "./test-layout.ts";
export { testFormatAdapter } from "./test-format-adapter.ts";
