/**
 * WGSL of products of a weight's rows and a few tokens that a workgroup of 256 shares on a GPU: 16 invocations to a row, so that neighbours read
 * neighbouring weights, each of which has several rows, so that tokens' elements are read once for them, and reads several vectors before they are
 * used: such a product is microseconds of work, and waits for memory. Nothing of subgroups is assumed.
 */
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { Storage } from "../../kernel/kernel.ts";
import { lines, upTo } from "../parts/lines.ts";
import { lieByEights, type RowForm, vectorReader, vectorType } from "./vectors.ts";

/** What an invocation has under way at once. Plain data. */
export interface RowCut {
  /** Rows of an invocation. */
  readonly rows: number;
  /** Vectors of each that are read before they are used. */
  readonly ahead: number;
  /** Whether a vector is eight elements, in one read, where weights lie as float16 in whole eights; else, and elsewhere, four. */
  readonly eights?: boolean | undefined;
}

/** Whether vectors of rows of so many weights are eights. */
export function cutByEights({ eights = false }: RowCut, weight: RowForm, length: number): boolean {
  return eights && lieByEights(weight, length);
}

/** As many bytes of either storage. */
export function rowCutFor({ compilesSlowly }: DeviceFacts, storage: Storage): RowCut {
  if (compilesSlowly) return { rows: 1, ahead: 1 };
  return { rows: 4, ahead: storage === "float16" ? 4 : 2 };
}

/** Others that are worth a try where code compiles fast. */
const otherCuts: readonly RowCut[] = [
  { rows: 4, ahead: 2 },
  { rows: 4, ahead: 4 },
  { rows: 2, ahead: 2 },
  { rows: 2, ahead: 6 },
  { rows: 4, ahead: 6 },
  { rows: 4, ahead: 1 },
  { rows: 4, ahead: 3, eights: true },
  { rows: 4, ahead: 2, eights: true },
  { rows: 2, ahead: 6, eights: true },
];

/** All that there are, for benchmarks and what measures them. */
export function rowCutsOf({ compilesSlowly }: DeviceFacts): readonly RowCut[] {
  return compilesSlowly ? [] : otherCuts;
}

/** For people, and for what is kept of measurements. */
export function rowCutName({ rows, ahead, eights = false }: RowCut): string {
  return `${rows}x${ahead}${eights ? "-eights" : ""}`;
}

/** Invocations of a row, and of the workgroup. */
const slices = 16;
const rowThreads = 16;
export const sliceInvocations: number = rowThreads * slices;

/** Rows are one element longer, so that neighbours lie in other banks. */
const stride = slices + 1;

type Sums = "vec2<f32>" | "vec4<f32>";

/** How many sums are in memory at once, for so many rows of an invocation. */
export function sharesOf(atOnce: number): number {
  return atOnce * rowThreads * stride;
}

/**
 * How many rows of an invocation are summed at once, with one pair of barriers for them: all, or as many as so much workgroup memory has room for, and
 * the others after them.
 */
export function rowsAtOnce({ rows }: RowCut, type: Sums, bytes: number): number {
  const shareBytes = type === "vec4<f32>" ? 16 : 8;
  let count = Math.min(rows, slices);
  while (count > 1 && (rows % count !== 0 || sharesOf(count) * shareBytes > bytes)) count--;
  return count;
}

/** At module scope: so many `shares`. */
export function sliceMemory(type: Sums, count: number): string {
  return `var<workgroup> shares: array<${type}, ${count}>;`;
}

/** A vector in WGSL: expressions that read it, and its fours as `vec4<f32>`, of what was read. */
export interface RowVector {
  readonly reads: readonly string[];
  fours(read: readonly string[]): readonly string[];
}

/** Of reads that give four elements each. */
export function vectorOfFours(...reads: readonly string[]): RowVector {
  return { reads, fours: (read) => read };
}

/** Of one that gives eight halves, `vec4<u32>`. */
export function vectorOfHalves(read: string): RowVector {
  return {
    reads: [read],
    fours: (names) =>
      names.flatMap((name) =>
        ["xy", "zw"].map(([low, high]) => `vec4<f32>(unpack2x16float(${name}.${low}), unpack2x16float(${name}.${high}))`),
      ),
  };
}

/** WGSL of a weight `[hidden, hidden]` of which a workgroup takes the rows of one `head`. */
export interface HeadWeight {
  /** Of the buffer's elements. */
  readonly type: string;
  /** At module scope: what reads it. */
  readonly reader: string;
  /** A vector of one of the head's rows. */
  vector(row: string, vector: string): RowVector;
}

/** The weight that is bound by such a name. */
export function headWeight(name: string, form: RowForm, byEights: boolean): HeadWeight {
  const start = (row: string): string => `(head * sizes.headSize + ${row}) * sizes.hidden`;
  if (byEights)
    return { type: "vec4<u32>", reader: "", vector: (row, vector) => vectorOfHalves(`${name}[${start(row)} / 8u + ${vector}]`) };
  return {
    type: vectorType(form),
    reader: vectorReader(`read_${name}`, name, form, "sizes.hidden"),
    vector: (row, vector) => vectorOfFours(`read_${name}(${start(row)}, ${vector})`),
  };
}

/** What kernels of such products are made for. */
export interface RowKernelOptions {
  /** The head size is at most this. */
  readonly maxHeadSize: number;
  readonly cut: RowCut;
  /** See `cutByEights`. */
  readonly byEights: boolean;
  /** That there are of workgroup memory. */
  readonly memoryBytes: number;
}

export interface RowProducts {
  /** A number for each token. */
  readonly sums: Sums;
  readonly cut: RowCut;
  /** See `rowsAtOnce`. */
  readonly atOnce: number;
  /** How many rows there are, and of how many vectors: WGSL. Where there are no rows or vectors, the workgroup does not come here. */
  readonly rows: string;
  readonly vectors: string;
  /** The weights of a vector of a row, which is below `rows`. */
  weight(row: string, vector: string): RowVector;
  /** The elements of each token, of a vector that is below `vectors`. */
  readonly elements: (vector: string) => readonly RowVector[];
  /** Statements with the number of a row, which is below `rows`, and its sums; one invocation for each row, and all see what it wrote. */
  take(row: string, sums: string): string;
}

/** Statements; `lane` is the invocation, and names with `row_` and `slice` are theirs. */
export function rowProducts({ sums, cut, atOnce, rows, vectors, weight, elements, take }: RowProducts): string {
  const ahead = upTo(cut.ahead);
  const own = upTo(cut.rows);
  const shares = upTo(slices).map((one) => `shares[lane * ${stride}u + ${one}u]`);
  const read = (name: string, vector: RowVector): string => vector.reads.map((value, part) => `let ${name}_${part} = ${value};`).join(" ");
  /** The fours of what was read under such names, and statements that make them, once for all that use them. */
  const foursOf = (name: string, { reads, fours }: RowVector): { names: readonly string[]; statements: string } => {
    const found = fours(reads.map((_, part) => `${name}_${part}`));
    return {
      names: found.map((_, four) => `${name}_four${four}`),
      statements: found.map((value, four) => `let ${name}_four${four} = ${value};`).join(" "),
    };
  };
  const dots = (weights: readonly string[], values: readonly string[]): string =>
    weights.map((four, part) => `dot(${four}, ${values[part]})`).join(" + ");
  return `for (var row_first = 0u; row_first < ${rows}; row_first += ${rowThreads * cut.rows}u) {
    ${lines(own, (one) => `let row_${one} = min(row_first + lane / ${slices}u + ${one * rowThreads}u, ${rows} - 1u); var row_sum_${one} = ${sums}();`)}
    for (var slice = lane % ${slices}u; slice < ${vectors}; slice += ${ahead.length * slices}u) {
      ${lines(ahead, (step) => {
        const at = step === 0 ? "slice" : `min(slice + ${step * slices}u, ${vectors} - 1u)`;
        return `let slice_${step} = ${at};
      ${lines(own, (one) => read(`weight_${step}_${one}`, weight(`row_${one}`, `slice_${step}`)))}
      ${lines(elements(`slice_${step}`), (element, token) => read(`element_${step}_${token}`, element))}`;
      })}
      ${lines(ahead, (step) => {
        const weights = own.map((one) => foursOf(`weight_${step}_${one}`, weight("", "")));
        const values = elements("").map((element, token) => foursOf(`element_${step}_${token}`, element));
        const products = [
          ...[...weights, ...values].map(({ statements }) => statements),
          ...weights.map((row, one) => `row_sum_${one} += ${sums}(${values.map((value) => dots(row.names, value.names)).join(", ")});`),
        ];
        return step === 0
          ? products.join("\n")
          : `if (slice + ${step * slices}u < ${vectors}) {
        ${products.join("\n")}
      }`;
      })}
    }
    ${lines(
      upTo(cut.rows / atOnce),
      (pass) => `${lines(
        upTo(atOnce),
        (one) => `shares[(lane / ${slices}u + ${one * rowThreads}u) * ${stride}u + lane % ${slices}u] = row_sum_${pass * atOnce + one};`,
      )}
    workgroupBarrier();
    if (lane < ${atOnce * rowThreads}u && row_first + lane + ${pass * atOnce * rowThreads}u < ${rows}) {
      let row_total = ${shares.join(" + ")};
      ${take(`(row_first + lane + ${pass * atOnce * rowThreads}u)`, "row_total")}
    }
    workgroupBarrier();`,
    )}
  }`;
}
