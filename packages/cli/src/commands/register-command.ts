import type { Command } from "commander";
import type { ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

/** What the process gives to every command. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  readonly setExitCode: (code: ExitCode) => void;
  /** Of this package: read when it is asked for, since a command's start-up should not pay for it. */
  readonly version: () => string;
  /** The folder, as a URL, of the code that runs: `dist`, or `src` in this repository. */
  readonly codeFolder: string;
}

/**
 * Adds one command to the program: its name, description, arguments and options, and the action that loads and runs it. Files named
 * `*.command.ts` hold one each and import nothing that a command needs only when it runs, so that every command starts fast.
 */
export type RegisterCommand = (program: Command, context: CommandContext) => void;
