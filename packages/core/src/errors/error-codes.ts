/**
 * Every error code, with who is at fault. `input`: what was given (exit code 1); `usage`: how we were called (2);
 * `surroundings`: disk, network, permissions (3); `interrupted`: an AbortSignal (130).
 */
export const errorCodes = {
  "not-found": "input",
  "not-a-checkpoint": "input",
  "ambiguous-format": "input",
  "truncated": "input",
  "malformed": "input",
  "unsupported": "input",
  "limit-exceeded": "input",
  "tensor-invalid": "input",
  "data-type-mismatch": "input",
  "value-overflow": "input",
  "not-a-longformer": "input",
  "config-invalid": "input",
  "config-missing": "input",
  "config-mismatch": "input",
  "head-unknown": "input",
  "layout-unknown": "input",
  "layout-invalid": "input",
  "orientation-mixed": "input",
  "orientation-undecided": "input",
  "weights-mismatch": "input",
  "source-changed": "input",
  "target-exists": "usage",
  "target-is-source": "usage",
  "target-unknown": "usage",
  "adapter-invalid": "usage",
  "argument-invalid": "usage",
  "closed": "usage",
  "io-failed": "surroundings",
  "disk-full": "surroundings",
  "permission-denied": "surroundings",
  "network-failed": "surroundings",
  "aborted": "interrupted",
} as const;

export type ErrorCode = keyof typeof errorCodes;
