import { defaultRuntime } from "../runtimes/load-runtime.ts";
import { styled, writeLine, type Terminal } from "../terminal.ts";

/** Sentences for the user, on stderr. */
export function noteWarnings(warnings: readonly string[], { error }: Terminal): void {
  for (const warning of warnings) writeLine(error, styled("yellow", "note"), `  ${warning}`);
}

/** Which runtime was chosen, and why, on stderr; nothing where it was asked for by its name. */
export function noteRuntime(asked: string, name: string, reason: string, { error }: Terminal): void {
  if (asked === defaultRuntime) writeLine(error, styled("cyan", "runtime"), `  ${name}: ${reason}`);
}
