import type { ProfiledStep, SessionProfile } from "@longspan/core/runtime";
import { headerStyle, writeColumns, writeLine, type Terminal } from "../terminal.ts";

/** Where the time of a run went: by kernel, the costliest first, then by part of the model, in its order. */
export function describeProfile({ device, milliseconds, steps }: SessionProfile, { out }: Terminal): void {
  const total = steps.reduce((sum, step) => sum + step.milliseconds, 0);
  writeLine(out);
  writeLine(
    out,
    `profile of the last run: ${milliseconds.toFixed(1)} ms on ${device}, of which ${total.toFixed(1)} ms in ${steps.length} steps`,
  );
  const byKernel = sumsBy(steps, ({ kernel }) => kernel).toSorted((a, b) => b.milliseconds - a.milliseconds);
  for (const [title, sums] of [
    ["kernel", byKernel],
    ["part", sumsBy(steps, partOf)],
  ] as const) {
    writeLine(out);
    const rows = sums.map((sum) => [
      sum.name,
      String(sum.steps),
      sum.milliseconds.toFixed(3),
      `${((100 * sum.milliseconds) / Math.max(total, Number.MIN_VALUE)).toFixed(1)} %`,
      rate(sum.floatingPointOperations, sum.milliseconds),
      rate(sum.bytes, sum.milliseconds),
    ]);
    writeColumns(out, [[title, "steps", "ms", "share", "GFLOP/s", "GB/s"], ...rows], { style: headerStyle });
  }
}

interface Sum {
  readonly name: string;
  readonly steps: number;
  readonly milliseconds: number;
  readonly floatingPointOperations: number;
  readonly bytes: number;
}

function sumsBy(steps: readonly ProfiledStep[], nameOf: (step: ProfiledStep) => string): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const step of steps) {
    const name = nameOf(step);
    const sum = sums.get(name);
    sums.set(name, {
      name,
      steps: (sum?.steps ?? 0) + 1,
      milliseconds: (sum?.milliseconds ?? 0) + step.milliseconds,
      floatingPointOperations: (sum?.floatingPointOperations ?? 0) + step.floatingPointOperations,
      bytes: (sum?.bytes ?? 0) + step.bytes,
    });
  }
  return [...sums.values()];
}

/** Values are named by the parameters they are made with: what is no layer's and not the embeddings' is the masks' or the head's. */
function partOf({ node }: ProfiledStep): string {
  return /^(?:encoder\.layer\.\d+|embeddings)(?=\.)/.exec(node)?.[0] ?? "masks, head";
}

/** Per second, in thousands of millions; nothing where nobody counted. */
function rate(count: number, milliseconds: number): string {
  return count === 0 || milliseconds === 0 ? "" : (count / milliseconds / 1e6).toFixed(2);
}
