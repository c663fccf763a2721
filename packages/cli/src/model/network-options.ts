import type { HttpSourceOptions } from "@longspan/core";
import { progressDisplay } from "../output/progress-display.ts";
import type { Terminal } from "../terminal.ts";
import type { ModelOptions } from "./model-options.ts";

/** Where a command's words go, and what ends it. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Of URLs and of models on the hub alike. */
type NetworkOptions = Pick<HttpSourceOptions, "signal" | "onProgress" | "timeout">;

/** How a command asks servers: as long as it was told to wait, saying that it waits, and not a moment longer than it is wanted. */
export async function networkOptions({ timeout }: ModelOptions, { terminal, signal }: CommandContext): Promise<NetworkOptions> {
  const { onProgress } = await progressDisplay(terminal.error);
  return { signal, onProgress, ...(timeout === undefined ? {} : { timeout: timeout * 1000 }) };
}
