import { elementCount } from "@longspan/core";
import { required } from "../../kernel/required.ts";
import type { DeviceLimits } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Operand } from "../../kernel/kernel.ts";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { bindingAlignment, overLimit } from "../parts/dispatching.ts";
import { domainSize, simplifyDomain, stretchedStrides, type StridedDomain } from "../parts/strided-domain.ts";
import type { ChooseTiling } from "./linear-tuning.ts";
import type { ProductUniforms } from "./product-code.ts";
import { productDispatches, runs } from "./product-dispatches.ts";
import type { ProductKernels } from "./product-kernel.ts";

/**
 * `out[…, m, n] = Σ_k left[…, m, k] · right[…, k, n]`: left `[…, rows, inner]`, right `[…, inner, columns]`, out `[…, rows, columns]`; the
 * axes before the last two broadcast, and are the grid's z.
 * One dispatch; several where an operand is larger than a binding: runs of the stack, then runs of the rows.
 */
export function matMul(choose: ChooseTiling, kernels: ProductKernels): OperationKernels {
  return {
    operation: "matMul",
    plan({ inputs, outputs }, { facts }) {
      const [left, right, out] = [required(inputs[0]), required(inputs[1]), required(outputs[0])];
      const [rows = 1, inner = 1] = left.shape.slice(-2);
      const columns = right.shape.at(-1) ?? 1;
      const stackShape = out.shape.slice(0, -2);
      const tiling = choose(facts, { rows, columns, inner, stack: elementCount(stackShape), rightLayout: "rows" }, "float32");
      const kernel = kernels(tiling, {
        rightLayout: "rows",
        leftStorage: "float32",
        rightStorage: "float32",
        outStorage: "float32",
        addendStorage: "float32",
        innerByTiles: false,
        innerByFours: inner % 4 === 0,
        columnsByFours: columns % 4 === 0,
        bias: false,
        activation: undefined,
        addend: false,
        stacked: true,
        partial: false,
      });
      const strides = [left, right, out].map(({ shape }) => stretchedStrides(shape.slice(0, -2), stackShape));
      const axes = stackShape.map((size, axis) => ({ size, strides: strides.map((own) => own[axis] ?? 0) }));
      const matrices: Matrices = { left, right, out, rows, columns, inner };
      return simplifyDomain({ axes, starts: [0, 0, 0] }).flatMap((domain) =>
        stackRuns(domain, matrices, facts.limits).flatMap((run) =>
          boundRuns(domain, run, matrices, facts.limits).flatMap(({ uniforms, operands }) =>
            productDispatches({ kernel, tiling, uniforms, stack: run.count, operands }, facts.limits),
          ),
        ),
      );
    },
  };
}

interface Matrices {
  readonly left: DeviceTensor;
  readonly right: DeviceTensor;
  readonly out: DeviceTensor;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** A run of the stack, and the first and last matrix of left, right and out that it reaches. */
interface StackRun {
  readonly first: number;
  readonly count: number;
  readonly reach: readonly Reach[];
}

type Reach = readonly [first: number, last: number];

interface BoundRun {
  readonly uniforms: Omit<ProductUniforms, "firstRow" | "firstColumn">;
  readonly operands: readonly Operand[];
}

/** What a binding may begin before what is wanted of it. */
const slack = bindingAlignment - 4;

/** The whole stack where it can be bound, or runs as long as can be; at least one matrix each. */
function stackRuns(domain: StridedDomain, matrices: Matrices, limits: DeviceLimits): readonly StackRun[] {
  const count = domainSize(domain);
  const sizes = matrixBytes(matrices);
  const fits = (reach: readonly Reach[]): boolean =>
    reach.every(([first, last], tensor) => {
      const bytes = sizes[tensor] ?? 0;
      return (last + 1) * bytes - alignedDown(first * bytes) <= limits.maxStorageBufferBindingSize;
    });
  const found: StackRun[] = [];
  let current: StackRun | undefined;
  for (let index = 0; index < count; index++) {
    const places = placesOf(domain, index);
    const alone = places.map((place) => [place, place] as const);
    const joined = current?.reach.map(([first, last], tensor) => {
      const place = places[tensor] ?? 0;
      return [Math.min(first, place), Math.max(last, place)] as const;
    });
    if (current !== undefined && joined !== undefined && current.count < limits.maxComputeWorkgroupsPerDimension && fits(joined)) {
      current = { first: current.first, count: current.count + 1, reach: joined };
    } else {
      if (current !== undefined) found.push(current);
      current = { first: index, count: 1, reach: alone };
    }
  }
  return current === undefined ? found : [...found, current];
}

/** The bindings of a run; for a single matrix that is too large, of runs of its rows. */
function boundRuns(domain: StridedDomain, run: StackRun, matrices: Matrices, limits: DeviceLimits): readonly BoundRun[] {
  const { left, right, out, rows, columns, inner } = matrices;
  const limit = limits.maxStorageBufferBindingSize;
  const [leftBytes = 0, rightBytes = 0, outBytes = 0] = matrixBytes(matrices);
  const [leftReach = [0, 0], rightReach = [0, 0], outReach = [0, 0]] = run.reach;
  const rowBytes = Math.max(inner, columns) * 4;
  const whole = run.count > 1 || Math.max(leftBytes, outBytes) + slack <= limit;
  const maxRows = whole ? rows : Math.max(1, Math.floor((limit - slack) / rowBytes));
  return runs(rows, maxRows).map(([firstRow, count]) => {
    const part = (tensor: DeviceTensor, [first, last]: Reach, bytes: number, rowBytesOfTensor: number): Part =>
      whole
        ? bind(tensor, first * bytes, (last + 1) * bytes, limits)
        : bind(tensor, first * bytes + firstRow * rowBytesOfTensor, first * bytes + (firstRow + count) * rowBytesOfTensor, limits);
    const leftPart = part(left, leftReach, leftBytes, inner * 4);
    const rightPart = bind(right, rightReach[0] * rightBytes, (rightReach[1] + 1) * rightBytes, limits);
    const outPart = part(out, outReach, outBytes, columns * 4);
    const [leftFirst = 0, rightFirst = 0, outFirst = 0] = domain.starts;
    return {
      operands: [leftPart.operand, rightPart.operand, outPart.operand],
      uniforms: {
        rows: count,
        columns,
        inner,
        outColumn: 0,
        outStride: columns,
        stack: {
          leftStart: (leftFirst * rows + firstRow) * inner - leftPart.origin,
          rightStart: rightFirst * inner * columns - rightPart.origin,
          // The kernel adds as many times `count` rows as there are matrices before.
          outStart: ((outFirst + run.first) * rows + firstRow - run.first * count) * columns - outPart.origin,
          first: run.first,
          axes: domain.axes.map(({ size, strides: [leftStride = 0, rightStride = 0] }) => ({
            size,
            leftStride: leftStride * rows * inner,
            rightStride: rightStride * inner * columns,
          })),
        },
      },
    };
  });
}

interface Part {
  readonly operand: Operand;
  /** The element of the tensor that the binding begins with. */
  readonly origin: number;
}

/** @throws LongspanError `device-limit` where a matrix, or a row of one, is larger than a binding. */
function bind(tensor: DeviceTensor, firstByte: number, endByte: number, limits: DeviceLimits): Part {
  const byteOffset = alignedDown(firstByte);
  const byteLength = endByte - byteOffset;
  if (byteLength > limits.maxStorageBufferBindingSize)
    throw overLimit(`A matrix of "${tensor.name}" [${tensor.shape.join(", ")}]`, byteLength, limits);
  const whole = byteOffset === 0 && byteLength >= tensor.byteLength;
  return { operand: whole ? { tensor } : { tensor, byteOffset, byteLength }, origin: byteOffset / 4 };
}

function alignedDown(byte: number): number {
  return Math.floor(byte / bindingAlignment) * bindingAlignment;
}

function matrixBytes({ rows, columns, inner }: Matrices): readonly number[] {
  return [rows * inner * 4, inner * columns * 4, rows * columns * 4];
}

/** Which matrix of left, right and out an index of the domain is. */
function placesOf({ axes, starts }: StridedDomain, index: number): readonly number[] {
  let rest = index;
  const places = [...starts];
  for (const { size, strides } of axes.toReversed()) {
    for (const tensor of places.keys()) places[tensor] = (places[tensor] ?? 0) + (rest % size) * (strides[tensor] ?? 0);
    rest = Math.floor(rest / size);
  }
  return places;
}
