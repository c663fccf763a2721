import { inertJson, type PickleErrorCode, type PickleLimits, type PickleReading } from "../../src/index.ts";

/** A pickle, and either the error it must end in or what must be true of the value. */
export interface HostileCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly limits?: Partial<PickleLimits>;
  readonly verdict:
    | { readonly reject: PickleErrorCode }
    | { readonly accept: (reading: PickleReading) => unknown; readonly expected: unknown };
}

export function reject(code: PickleErrorCode, name: string, bytes: Uint8Array, limits: Partial<PickleLimits> = {}): HostileCase {
  return { name, bytes, limits, verdict: { reject: code } };
}

/** `pick` takes what is to be compared with `expected` from the reading. */
export function accept(name: string, bytes: Uint8Array, pick: (reading: PickleReading) => unknown, expected: unknown): HostileCase {
  return { name, bytes, verdict: { accept: pick, expected } };
}

/** Compares the JSON of the value, which says all there is to say about small ones. */
export function acceptJson(name: string, bytes: Uint8Array, expected: unknown): HostileCase {
  return accept(name, bytes, ({ value }) => inertJson(value), expected);
}
