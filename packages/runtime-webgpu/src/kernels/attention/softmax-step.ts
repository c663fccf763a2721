import { lines, upTo } from "../parts/lines.ts";

/**
 * One step of softmax(Q Kᵀ) V without its scores in memory, written out for a few rows and a few keys:
 *
 *     s      = q · k, or the sentinel where a row may not see a key
 *     top'   = max(top, s₀, s₁, …)
 *     p      = exp(s - top')
 *     sum'   = exp(top - top') sum + Σ p
 *     output' = exp(top - top') output + Σ p v
 *
 * Everything is finite: `top` starts above the sentinel, so that keys a row may not see get p = exp(a very negative number) = 0 whether
 * the row has seen a key or not. Source: Milakov & Gimelshein, "Online normalizer calculation for softmax", arXiv 1805.02867;
 * Dao et al., "FlashAttention", arXiv 2205.14135.
 */

/** WGSL names of what a step works on; `row` and `key` count from 0 within the step, `vector` is the loop's variable. */
export interface SoftmaxStep {
  readonly rows: number;
  readonly keys: number;
  /** How many vectors of 4 elements a row has. */
  readonly vectors: string;
  query(row: number, vector: string): string;
  /** A statement before the keys of a vector are used, and another before the values. */
  beforeKeys?(vector: string): string;
  beforeValues?(vector: string): string;
  key(key: number, vector: string): string;
  value(key: number, vector: string): string;
  output(row: number, vector: string): string;
  /** A statement that puts a new value there. */
  setOutput(row: number, vector: string, value: string): string;
  /** Statements that make the whole score of an invocation's part of it, where others have the rest. */
  wholeScore?(score: string): string;
  /** Whether the row may see the key. */
  sees(row: number, key: number): string;
}

/** WGSL: constants for a kernel that takes steps. */
export const softmaxConstants = `const unseen = -3.0e38;
const lowestTop = -1.0e37;`;

/** WGSL: the variables that a step changes, for `rows` rows; beside them each row has an output. */
export function softmaxState(rows: number): string {
  return lines(upTo(rows), (row) => `var top${row} = lowestTop; var sum${row} = 0.0;`);
}

export function softmaxStep({
  rows,
  keys,
  vectors,
  query,
  beforeKeys,
  beforeValues,
  key,
  value,
  output,
  setOutput,
  wholeScore,
  sees,
}: SoftmaxStep): string {
  const all = upTo(rows);
  const each = upTo(keys);
  const lines: string[] = [];
  for (const row of all) lines.push(each.map((one) => `var s${row}_${one} = 0.0;`).join(" "));
  lines.push(`for (var vector = 0u; vector < ${vectors}; vector++) {`);
  if (beforeKeys !== undefined) lines.push(`  ${beforeKeys("vector")}`);
  for (const one of each) lines.push(`  let k${one} = ${key(one, "vector")};`);
  for (const row of all) {
    lines.push(`  { let q = ${query(row, "vector")}; ${each.map((one) => `s${row}_${one} += dot(q, k${one});`).join(" ")} }`);
  }
  lines.push("}");
  if (wholeScore !== undefined) for (const row of all) for (const one of each) lines.push(wholeScore(`s${row}_${one}`));
  for (const row of all) {
    for (const one of each) lines.push(`s${row}_${one} = select(unseen, s${row}_${one}, ${sees(row, one)});`);
    lines.push(`let top${row}_ = ${each.reduce((highest, one) => `max(${highest}, s${row}_${one})`, `top${row}`)};`);
    lines.push(`let fade${row} = exp(top${row} - top${row}_);`);
    for (const one of each) lines.push(`s${row}_${one} = exp(s${row}_${one} - top${row}_);`);
    lines.push(`sum${row} = sum${row} * fade${row} + ${each.map((one) => `s${row}_${one}`).join(" + ")};`);
    lines.push(`top${row} = top${row}_;`);
  }
  lines.push(`for (var vector = 0u; vector < ${vectors}; vector++) {`);
  if (beforeValues !== undefined) lines.push(`  ${beforeValues("vector")}`);
  for (const one of each) lines.push(`  let v${one} = ${value(one, "vector")};`);
  for (const row of all) {
    const sum = each.map((one) => `s${row}_${one} * v${one}`).join(" + ");
    lines.push(`  ${setOutput(row, "vector", `${output(row, "vector")} * fade${row} + ${sum}`)}`);
  }
  lines.push("}");
  return lines.join("\n");
}
