import type { BatchProgress } from "@longspan/pipelines";

/** Tokens that the model has run, and those that only filled shorter windows up. */
export type RanTokens = Pick<BatchProgress, "tokens" | "paddingTokens">;

/** Counts of a run over many jobs, and what they say to people. */
export interface BatchCounts {
  /** An outcome has come. */
  add(isError: boolean): void;
  /** What the model has run. */
  ran(progress: RanTokens): void;
  /** A job was left out, since its answer is held. */
  skip(): void;
  readonly errors: number;
  /** `1,204 of 10,000  12.3 a second  12 min left  3 errors`. */
  describe(): string;
  /** `10,000 answers, 3 of them errors, in 13 min (12.5 a second); padding 2.1 %`. */
  summary(): string;
}

/**
 * @param read how many jobs are read, and how many there are or which share of them all is read; undefined where nobody knows
 */
export function batchCounts(
  read: () => { readonly jobs: number; readonly share: number | undefined; readonly total?: number | undefined },
): BatchCounts {
  const started = performance.now();
  let [done, errors, skipped] = [0, 0, 0];
  let ran: RanTokens | undefined;
  const seconds = (): number => (performance.now() - started) / 1000;
  const rate = (): number => done / Math.max(seconds(), 1e-3);
  return {
    add(isError) {
      done++;
      if (isError) errors++;
    },
    ran(progress) {
      ran = progress;
    },
    skip: () => void skipped++,
    get errors() {
      return errors;
    },
    describe() {
      const { jobs, share, total: known } = read();
      const total = known ?? (share === undefined || share === 0 ? undefined : Math.round(jobs / share));
      const left = total === undefined || done === 0 ? undefined : (total - skipped - done) / rate();
      const parts = [
        `${number(done + skipped)}${total === undefined ? "" : ` of ${known !== undefined || share === 1 ? "" : "about "}${number(total)}`}`,
        `${rate().toPrecision(3)} a second`,
        ...(left === undefined ? [] : [`${duration(left)} left`]),
        ...(errors === 0 ? [] : [`${number(errors)} ${errors === 1 ? "error" : "errors"}`]),
      ];
      return parts.join("  ");
    },
    summary() {
      const padded = ran === undefined || ran.tokens === 0 ? undefined : ran.paddingTokens / (ran.tokens + ran.paddingTokens);
      return [
        `${number(done)} ${done === 1 ? "line" : "lines"} written`,
        ...(errors === 0 ? [] : [`, ${number(errors)} of them ${errors === 1 ? "an error" : "errors"}`]),
        ...(skipped === 0 ? [] : [`, ${number(skipped)} held before`]),
        `, in ${duration(seconds())} (${rate().toPrecision(3)} a second)`,
        ...(padded === undefined ? [] : [`; padding ${(100 * padded).toFixed(1)} %`]),
      ].join("");
    },
  };
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 s`, `13 min 20 s`, `2 h 5 min`: rounded first, so that no minute has 60 seconds. */
export function duration(exact: number): string {
  const seconds = exact < 60 ? Math.ceil(exact) : Math.round(exact);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
