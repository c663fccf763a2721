import { readFileSync } from "node:fs";

/** A file of the fixtures folder. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));
}

/** A Python value as the fixture script tags it. */
export type Tagged = null | boolean | string | { [type: string]: unknown };

export interface GoldenCase {
  readonly name: string;
  readonly value: Tagged;
  /** Protocol 2 without the memo entries that nothing refers to. */
  readonly optimized?: string;
  readonly pickles: readonly { readonly protocol: number; readonly base64: string }[];
}

export function goldenCases(): readonly GoldenCase[] {
  return JSON.parse(new TextDecoder().decode(fixture("golden.json"))) as GoldenCase[];
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
