import { LongspanError, type ProgressListener } from "@longspan/core";
import { firstNonFinite, throwIfAborted } from "@longspan/core/adapter";
import type { GraphTensor } from "@longspan/core/graph";
import { prepareInputs, type SessionInputs } from "@longspan/core/runtime";
import type { OpenedModel } from "../model/open-model.ts";
import type { RunOptions } from "../model/pipeline-options.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import { integerOption } from "./number-option.ts";
import { type SessionOutputs, spentOutputs } from "./spent-outputs.ts";
import type { TokenRow } from "./token-row.ts";

/** The outputs of one row, float32, without the batch axis. Where there is a sequence axis, padding may follow the row's tokens. */
export type RowOutputs = Readonly<Record<string, Float32Array>>;

/**
 * Runs rows in batches of `batchSize`, the shorter ones of a batch padded on the right, and gives each row's outputs as it comes.
 * @throws LongspanError `argument-invalid`, `aborted`, `value-overflow` when scores are not numbers, `closed`, what the session throws.
 */
export async function* runRows(model: OpenedModel, rows: readonly TokenRow[], options: RunOptions = {}): AsyncGenerator<RowOutputs> {
  const end = model.begin();
  try {
    yield* runBatches(model, rows, options);
  } finally {
    end();
  }
}

async function* runBatches(model: OpenedModel, rows: readonly TokenRow[], options: RunOptions): AsyncGenerator<RowOutputs> {
  const batchSize = integerOption("batchSize", options.batchSize ?? pipelineDefaults.run.batchSize, 1);
  const batches = Math.ceil(rows.length / batchSize);
  let steps = 1;
  const spent = spentOutputs();
  for (let batch = 0; batch < batches; batch++) {
    throwIfAborted(options.signal);
    const first = batch * batchSize;
    const some = rows.slice(first, first + batchSize);
    const item = `window ${first + 1}${some.length > 1 ? ` to ${first + some.length}` : ""} of ${rows.length}`;
    const report = (done: number): void => options.onProgress?.({ stage: "run", item, done, total: batches * steps, unit: "steps" });
    const { outputs, outputsOf } = await runTogether(model, some, {
      signal: options.signal,
      reuse: spent.memory,
      onProgress: ({ done, total }) => {
        steps = total;
        if (done < total) report(batch * steps + done);
      },
    });
    report((batch + 1) * steps);
    for (const index of some.keys()) yield outputsOf(index);
    spent.add(outputs);
  }
}

/** The outputs of a batch. */
export interface BatchOutputs {
  /** Of all rows, as the session gave them: memory for a later batch, when no row's are asked for any more. */
  readonly outputs: SessionOutputs;
  /** Those of one row, in memory of their own. @throws LongspanError `value-overflow` where they are not numbers. */
  readonly outputsOf: (row: number) => RowOutputs;
}

/**
 * Runs rows as one batch, the shorter ones padded on the right.
 * @throws LongspanError what the session throws.
 */
export async function runTogether(
  model: OpenedModel,
  rows: readonly TokenRow[],
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ProgressListener | undefined;
    /** Names of outputs of the graph; only what these need is computed. Default: all. */
    readonly outputs?: readonly string[] | undefined;
    /** Outputs of a batch of before, which are taken for this one's memory. */
    readonly reuse?: SessionOutputs | undefined;
  },
): Promise<BatchOutputs> {
  const outputs = await model.session.run({ ...batchInputs(model, rows), ...maskPositions(rows) }, options);
  return { outputs, outputsOf: (row) => rowOutputs(model, outputs, row, rows.length) };
}

function batchInputs({ config, head }: OpenedModel, rows: readonly TokenRow[]): SessionInputs {
  const sequence = Math.max(...rows.map((row) => row.ids.length));
  const shape = [rows.length, sequence];
  const filled = (value: number, write: (row: TokenRow, target: Int32Array) => void): GraphTensor => {
    const data = new Int32Array(rows.length * sequence).fill(value);
    for (const [index, row] of rows.entries()) write(row, data.subarray(index * sequence, index * sequence + row.ids.length));
    return { dataType: "int32", shape, data };
  };
  const typed = rows.some((row) => row.secondTypeFrom !== undefined) && config.typeVocabSize > 1;
  return prepareInputs(config, head, {
    input_ids: filled(config.padTokenId, (row, target) => target.set(row.ids)),
    attention_mask: filled(0, (_, target) => target.fill(1)),
    global_attention_mask: filled(0, (row, target) => target.fill(1, 0, row.globals)),
    token_type_ids: typed ? filled(0, (row, target) => target.fill(1, row.secondTypeFrom ?? row.ids.length)) : undefined,
  });
}

/** The places of masks; rows with fewer are filled up with the first token's place, whose scores nobody reads. */
function maskPositions(rows: readonly TokenRow[]): SessionInputs {
  const places = rows.flatMap((row) => (row.maskPositions === undefined ? [] : [row.maskPositions]));
  if (places.length === 0) return {};
  const most = Math.max(...places.map((list) => list.length));
  const data = new Int32Array(places.length * most);
  for (const [index, list] of places.entries()) data.set(list, index * most);
  return { mask_positions: { dataType: "int32", shape: [places.length, most], data } };
}

function rowOutputs(model: OpenedModel, outputs: SessionOutputs, row: number, rows: number): RowOutputs {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]): [string, Float32Array] => {
      const size = data.length / rows;
      const values = new Float32Array(data.subarray(row * size, (row + 1) * size));
      if (firstNonFinite(values) === -1) return [name, values];
      throw new LongspanError(
        "value-overflow",
        `The model's ${name} are not all finite numbers, as computed by ${model.handle.runtime} (${model.handle.device}). Compute in float32 (option dataType), and check the checkpoint.`,
        { details: { output: name } },
      );
    }),
  );
}
