import { errorCodes, LongspanError } from "@longspan/core";

/** What a script learns from the process: see the README's table. */
export const exitCodes = { done: 0, input: 1, usage: 2, environment: 3, bug: 70, interrupted: 130 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(error: unknown): ExitCode {
  if (!LongspanError.isInstance(error)) return exitCodes.bug;
  return exitCodes[errorCodes[error.code]];
}
