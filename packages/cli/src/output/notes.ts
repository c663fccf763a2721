import { defaultRuntime } from "../runtimes/load-runtime.ts";
import { styled, writeLine, type Terminal } from "../terminal.ts";

/** Sentences for the user, on stderr. */
export function noteWarnings(warnings: readonly string[], terminal: Terminal): void {
  for (const warning of asTyped(warnings, terminal)) writeLine(terminal.error, styled("yellow", "note"), `  ${warning}`);
}

/** Sentences for the user, for a document, with options as they are typed. */
export function asTyped(warnings: readonly string[], { told }: Pick<Terminal, "told">): readonly string[] {
  return told === undefined ? warnings : warnings.map(told);
}

/** Which runtime was chosen, and why, on stderr; nothing where it was asked for by its name. */
export function noteRuntime(asked: string, name: string, reason: string, { error }: Terminal): void {
  if (asked === defaultRuntime) writeLine(error, styled("cyan", "runtime"), `  ${name}: ${reason}`);
}
