import type { DeviceFacts, DeviceLimits, MatrixShape } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";

/** How scores and sums of re-associated global attention are made in one kernel on matrix units (`matrix-joint.ts`). Plain data; `name` says all of it. */
export interface JointTiling {
  readonly name: string;
  readonly shape: MatrixShape;
  /** Each has as many of a token's elements; an even number. */
  readonly subgroups: number;
}

/** Rows of a workgroup, and keys of a step. */
export const jointRows = 32;
export const jointKeys = 16;

/** Elements of a subgroup, at most: the registers of its invocations hold the sums of all rows, and twice as many folded queries of half of them. */
const maxElements = 96;

export const jointAccess: Kernel["access"] = ["read", "read", "read", "read", "write", "write"];

export const jointFields = {
  sequence: "u32",
  scale: "f32",
  /** Rows of an item that there is room for, and that a global token has. */
  rows: "u32",
  rowsOfToken: "u32",
  tokensStride: "u32",
  firstItem: "u32",
  splits: "u32",
  splitKeys: "u32",
} as const;

export function jointTiling(shape: MatrixShape, subgroups: number): JointTiling {
  return { name: `joint-${shape.rows}x${shape.columns}x${shape.inner}-by-${subgroups}`, shape, subgroups };
}

/** Elements of a subgroup, those between rows of what lies in workgroup memory, and the bytes that all of it takes. */
export function jointMemory(
  { subgroups }: JointTiling,
  hidden: number,
): Readonly<Record<"ownElements" | "stride" | "scoreStride" | "probabilityStride" | "bytes", number>> {
  const ownElements = hidden / subgroups;
  const [stride, scoreStride, probabilityStride] = [ownElements + 8, jointKeys + 4, jointKeys + 8];
  const bytes = 2 * subgroups * jointKeys * stride + 2 * subgroups * jointRows * scoreStride + 2 * jointRows * probabilityStride;
  return { ownElements, stride, scoreStride, probabilityStride, bytes: bytes + 4 * (jointRows + jointKeys + 4) };
}

/** Numbers of subgroups, those first that were fastest on an H200. */
const subgroupCounts = [12, 8, 4];

/** Those that a device can run for tokens of so many elements, the best first. */
export function jointTilingsOf({ matrixUnits, shaderFloat16, limits }: DeviceFacts, hidden: number): readonly JointTiling[] {
  if (matrixUnits === undefined || !shaderFloat16) return [];
  return matrixUnits.shapes
    .flatMap((shape) => subgroupCounts.map((subgroups) => jointTiling(shape, subgroups)))
    .filter((tiling) => fitsJoint(tiling, { hidden, lanes: matrixUnits.lanes, limits }));
}

/** Whether everything comes out even, and fits a workgroup. */
function fitsJoint(
  tiling: JointTiling,
  { hidden, lanes, limits }: Readonly<{ hidden: number; lanes: number; limits: DeviceLimits }>,
): boolean {
  const { shape, subgroups } = tiling;
  const invocations = subgroups * lanes;
  return (
    hidden % (16 * subgroups) === 0 &&
    hidden <= maxElements * subgroups &&
    (jointKeys * hidden) % (8 * invocations) === 0 &&
    invocations >= 2 * jointRows &&
    invocations <= limits.maxComputeInvocationsPerWorkgroup &&
    [shape.rows, shape.columns, shape.inner].every((size) => 16 % size === 0) &&
    jointMemory(tiling, hidden).bytes <= limits.maxComputeWorkgroupStorageSize
  );
}
