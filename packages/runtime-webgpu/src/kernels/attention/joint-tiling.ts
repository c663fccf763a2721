import type { DeviceFacts, MatrixShape } from "../../kernel/device-facts.ts";

/** How scores and sums of re-associated global attention are made in one kernel on matrix units. Plain data; `name` says all of it. */
export type JointTiling = StepTiling | SweepTiling;

/** 16 keys at a time (`matrix-joint.ts`): as many as there are. */
export interface StepTiling {
  readonly kind: "steps";
  readonly name: string;
  readonly shape: MatrixShape;
  /** Each has as many of a token's elements; an even number. */
  readonly subgroups: number;
}

/** All keys of a split at once (`matrix-sweep.ts`). */
export interface SweepTiling {
  readonly kind: "sweep";
  readonly name: string;
  readonly shape: MatrixShape;
  /** Each has 16 keys at a time, or as many of a token's elements. */
  readonly subgroups: number;
  /** Of a split, at most. */
  readonly keys: number;
  /** Of keys and rows, whose loads are under way together, or which are staged. */
  readonly elements: number;
  /** Whether operands go through workgroup memory. */
  readonly staged: boolean;
}

/** Rows of a workgroup, and keys of a step, or those whose scores a subgroup makes at a time. */
export const jointRows = 32;
export const jointKeys = 16;

/** Elements of a subgroup, at most: the registers of its invocations hold the sums of all rows, and twice as many folded queries of half of them. */
const maxElements = 96;

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

/** Elements of a token, too: loops of a number that compilers know are unrolled by some, whose time they take then. */
export const sweepFields: typeof jointFields & { readonly hidden: "u32" } = { ...jointFields, hidden: "u32" };

export function jointTiling(shape: MatrixShape, subgroups: number): StepTiling {
  return { kind: "steps", name: `joint-${nameOf(shape)}-by-${subgroups}`, shape, subgroups };
}

export function sweepTiling(shape: MatrixShape, own: Pick<SweepTiling, "subgroups" | "keys" | "elements" | "staged">): SweepTiling {
  const { subgroups, keys, elements, staged } = own;
  const name = `sweep-${nameOf(shape)}-by-${subgroups}-of-${keys}x${elements}${staged ? "-staged" : ""}`;
  return { kind: "sweep", name, shape, subgroups, keys, elements, staged };
}

function nameOf({ rows, columns, inner }: MatrixShape): string {
  return `${rows}x${columns}x${inner}`;
}

/** Elements of a subgroup, those between rows of what lies in workgroup memory, and the bytes that all of it takes. */
export function jointMemory(
  { subgroups }: StepTiling,
  hidden: number,
): Readonly<Record<"ownElements" | "stride" | "scoreStride" | "probabilityStride" | "bytes", number>> {
  const ownElements = hidden / subgroups;
  const [stride, scoreStride, probabilityStride] = [ownElements + 8, jointKeys + 4, jointKeys + 8];
  const bytes = 2 * subgroups * jointKeys * stride + 2 * subgroups * jointRows * scoreStride + 2 * jointRows * probabilityStride;
  return { ownElements, stride, scoreStride, probabilityStride, bytes: bytes + 4 * (jointRows + jointKeys + 4) };
}

/** The same of a sweep: elements of a subgroup, of a block of workgroup memory (of float16) and how many blocks, between rows, and the bytes of all. */
export function sweepMemory(
  { subgroups, keys, elements, staged }: SweepTiling,
  hidden: number,
  lanes: number,
): Readonly<
  Record<"ownElements" | "block" | "blocks" | "scoreStride" | "elementStride" | "ownStride" | "probabilityStride" | "bytes", number>
> {
  const ownElements = hidden / subgroups;
  const [scoreStride, probabilityStride] = [jointKeys + 4, keys + 8];
  const [elementStride, ownStride] = [elements + 8, ownElements + 8];
  // A little longer than scores are, so that neighbours lie in other banks.
  const scores = 2 * (jointRows * scoreStride + 16);
  const block = Math.max(scores, ...(staged ? [jointKeys * elementStride, jointKeys * ownStride] : []));
  const blocks = staged ? subgroups : keys / jointKeys;
  const ofRows = jointRows * Math.max(probabilityStride, staged ? elementStride : 0);
  const bytes = 2 * block * blocks + 2 * ofRows + 4 * keys + 8 * subgroups * lanes;
  return { ownElements, block, blocks, scoreStride, elementStride, ownStride, probabilityStride, bytes };
}

/** Numbers of subgroups, those first that were fastest on an H200. */
const subgroupCounts = [12, 8, 4];

/** The same of sweeps, which are not measured yet; most keys of a split, of which as many are taken as fit, and elements under way, likewise. */
const sweepSubgroups = [12, 16, 8, 4];
const sweepKeys = [192, 128, 96, 64];
const sweepElements = { staged: [64], inPlace: [128, 64] } as const;

/** Those that a device can run for tokens of so many elements: in steps, the best first; then, where a measurement may find them better, sweeps. */
export function jointTilingsOf(facts: DeviceFacts, hidden: number): readonly JointTiling[] {
  const shapes = facts.matrixUnits?.shapes ?? [];
  const steps = shapes.flatMap((shape) => subgroupCounts.map((subgroups) => jointTiling(shape, subgroups)));
  const sweeps = shapes.flatMap((shape) =>
    [false, true].flatMap((staged) =>
      sweepSubgroups.flatMap((subgroups) =>
        sweepKeys
          .flatMap((keys) =>
            sweepElements[staged ? "staged" : "inPlace"].map((elements) => sweepTiling(shape, { subgroups, keys, elements, staged })),
          )
          .filter((tiling) => fitsJoint(tiling, hidden, facts))
          .slice(0, 1),
      ),
    ),
  );
  return [...steps.filter((tiling) => fitsJoint(tiling, hidden, facts)), ...sweeps];
}

/** Whether a device can run it for tokens of so many elements: everything comes out even, and fits a workgroup. */
export function fitsJoint(tiling: JointTiling, hidden: number, { matrixUnits, shaderFloat16, limits }: DeviceFacts): boolean {
  if (matrixUnits === undefined || !shaderFloat16) return false;
  const { shape, subgroups } = tiling;
  const { shapes, lanes } = matrixUnits;
  const invocations = subgroups * lanes;
  const bytes = tiling.kind === "steps" ? jointMemory(tiling, hidden).bytes : sweepMemory(tiling, hidden, lanes).bytes;
  return (
    shapes.some(({ rows, columns, inner }) => rows === shape.rows && columns === shape.columns && inner === shape.inner) &&
    [shape.rows, shape.columns, shape.inner].every((size) => 16 % size === 0) &&
    hidden % (16 * subgroups) === 0 &&
    hidden <= maxElements * subgroups &&
    invocations <= limits.maxComputeInvocationsPerWorkgroup &&
    bytes <= limits.maxComputeWorkgroupStorageSize &&
    (tiling.kind === "steps" ? stepsComeOutEven(hidden, invocations) : sweepComesOutEven(tiling, hidden, lanes))
  );
}

/** Whether invocations stage as many eights of a step, and there are enough for the rows. */
function stepsComeOutEven(hidden: number, invocations: number): boolean {
  return (jointKeys * hidden) % (8 * invocations) === 0 && invocations >= 2 * jointRows;
}

/** Whether invocations have as many eights of a row's keys; and those of what is staged: a subgroup's own keys, then all elements of 16 keys. */
function sweepComesOutEven({ subgroups, keys, elements, staged }: SweepTiling, hidden: number, lanes: number): boolean {
  const invocations = subgroups * lanes;
  const stages =
    keys <= jointKeys * subgroups && (jointKeys * elements) % (8 * lanes) === 0 && (jointKeys * hidden) % (8 * invocations) === 0;
  return (
    hidden % elements === 0 &&
    elements % 16 === 0 &&
    keys % jointKeys === 0 &&
    invocations % jointRows === 0 &&
    keys % ((8 * invocations) / jointRows) === 0 &&
    (!staged || stages)
  );
}
