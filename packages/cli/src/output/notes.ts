import { styled, writeLine, type Terminal } from "../terminal.ts";

/** Sentences for the user, on stderr. */
export function noteWarnings(warnings: readonly string[], { error }: Terminal): void {
  for (const warning of warnings) writeLine(error, `${styled(error, "yellow", "note")}  ${warning}`);
}
