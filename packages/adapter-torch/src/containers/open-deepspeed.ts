import { type LazyTensor, LongspanError } from "@longspan/core";
import { type ContainerInput, type OpenedContainer, treeMap, type TreeValue } from "@longspan/core/adapter";
import { masterWeights } from "../deepspeed/master-weights.ts";
import { assemblyKeys, readModelStates, tensorEntries } from "../deepspeed/model-states.ts";
import type { ModelStates } from "../deepspeed/model-states.ts";
import { type OptimizerShard, readOptimizerShard } from "../deepspeed/optimizer-shards.ts";
import { optimizerStatesNames, partitionedModelStatesName } from "../deepspeed/file-names.ts";
import { torchZipContainer } from "./torch-zip.ts";
import type { TorchZipOptions } from "./torch-zip.ts";

/** See `deepspeedContainer`. */
export async function openDeepspeed(input: ContainerInput, options: TorchZipOptions): Promise<OpenedContainer> {
  const files = new OpenFiles(input, options);
  try {
    const root = (await torchZipContainer(options).open(input)).root;
    const model = readModelStates(input.source.name, root);
    refuseModelParallel(input.source.name, model);
    const { weights, warnings } =
      input.fileName === partitionedModelStatesName(0) ? await partitioned(model, input, files) : await wholeOrMasters(model, input, files);
    return { root: withWeights(model, weights), attributes: new Map(), warnings, close: () => files.close() };
  } catch (error) {
    await files.close();
    throw error;
  }
}

interface Weights {
  readonly weights: ReadonlyMap<string, LazyTensor>;
  readonly warnings: readonly string[];
}

/** ZeRO 1 and 2, and no ZeRO at all. */
async function wholeOrMasters(model: ModelStates, { source, fileName }: ContainerInput, files: OpenFiles): Promise<Weights> {
  const own = new Map(tensorEntries(model.module));
  const halves = new Set([...own.values()].map(({ dataType }) => dataType).filter((type) => type === "float16" || type === "bfloat16"));
  if (halves.size === 0) return { weights: own, warnings: [] };
  const half = [...halves].join(" and ");
  try {
    const shards = await files.optimizerShards();
    const weights = masterWeights([model], shards);
    const warning = `The weights are the float32 master weights, put together from the optimizer's shards of ${ranksText(shards.length)} as zero_to_fp32.py does it. ${fileName} has them rounded to ${half}: name that file to read those.`;
    return { weights, warnings: [warning] };
  } catch (error) {
    if (!LongspanError.isInstance(error) || !damageCodes.has(error.code)) throw error;
    const warning = `The weights are those of ${source.name}, in ${half}, as training computed with them. The float32 master weights cannot be had: ${error.message}`;
    return { weights: own, warnings: [warning] };
  }
}

/** What makes shards unusable, rather than unreachable. */
const damageCodes: ReadonlySet<string> = new Set([
  "not-found",
  "malformed",
  "truncated",
  "tensor-invalid",
  "unsupported",
  "not-a-checkpoint",
]);

async function partitioned(model: ModelStates, { files: folder, source }: ContainerInput, files: OpenFiles): Promise<Weights> {
  const shards = await files.optimizerShards();
  const [shard] = shards;
  if (shard?.stage !== 3) {
    throw new LongspanError(
      "malformed",
      `${folder.name}: ${source.name} is of ZeRO 3, and its optimizer's shards of another stage. Files of several checkpoints lie together: separate them.`,
      {
        details: { folder: folder.name },
      },
    );
  }
  const others = model.frozenShapes.size === 0 ? [] : await files.otherModelStates(shards.length);
  const warning = `The weights are put together from the shards of ${ranksText(shards.length)} (ZeRO 3) as zero_to_fp32.py does it: float32 master weights.`;
  return { weights: masterWeights([model, ...others], shards), warnings: [warning] };
}

function ranksText(count: number): string {
  return count === 1 ? "1 rank" : `${count} ranks`;
}

function refuseModelParallel(file: string, { modelParallelRanks }: ModelStates): void {
  if (modelParallelRanks <= 1) return;
  throw new LongspanError(
    "unsupported",
    `${file} is one of ${modelParallelRanks} tensor-parallel ranks (mp_world_size): every weight is cut, and the files do not say how. Merge them with the code that trained the model (for Megatron-DeepSpeed, its tools/convert_checkpoint).`,
    { details: { file } },
  );
}

function withWeights({ root }: ModelStates, weights: ReadonlyMap<string, LazyTensor>): TreeValue {
  const rest = root.entries.filter(([key]) => typeof key !== "string" || !assemblyKeys.has(key));
  return treeMap([["module", treeMap([...weights])], ...rest]);
}

/** The other files of the folder, opened as they are needed, and closed together. */
class OpenFiles {
  readonly #input: ContainerInput;
  readonly #options: TorchZipOptions;
  readonly #closes: (() => Promise<void>)[] = [];

  constructor(input: ContainerInput, options: TorchZipOptions) {
    this.#input = input;
    this.#options = options;
  }

  /** Those of every rank. @throws LongspanError `not-found`, `malformed`, … */
  async optimizerShards(): Promise<OptimizerShard[]> {
    const { files: folder } = this.#input;
    const first = await this.#first(optimizerStatesNames(0));
    if (first === undefined) throw missing(folder.name, optimizerStatesNames(0).join(" or "), undefined);
    const shard = readOptimizerShard(first.file, first.root);
    const shards = [shard];
    for (let rank = 1; rank < shard.ranks; rank++) {
      const next = await this.#first(optimizerStatesNames(rank));
      if (next === undefined) throw missing(folder.name, optimizerStatesNames(rank).join(" or "), shard.ranks);
      const read = readOptimizerShard(next.file, next.root);
      if (read.stage !== shard.stage || read.ranks !== shard.ranks || read.groups.length !== shard.groups.length) {
        throw new LongspanError(
          "malformed",
          `${read.file} and ${shard.file} are of different runs. Files of several checkpoints lie together: separate them.`,
          {
            details: { file: read.file },
          },
        );
      }
      shards.push(read);
    }
    return shards;
  }

  /** Those of all ranks but the first. */
  async otherModelStates(ranks: number): Promise<ModelStates[]> {
    const states: ModelStates[] = [];
    for (let rank = 1; rank < ranks; rank++) {
      const found = await this.#first([partitionedModelStatesName(rank)]);
      if (found === undefined) throw missing(this.#input.files.name, partitionedModelStatesName(rank), ranks);
      states.push(readModelStates(found.file, found.root));
    }
    return states;
  }

  async close(): Promise<void> {
    await Promise.all(this.#closes.splice(0).map((close) => close()));
  }

  async #first(names: readonly string[]): Promise<{ file: string; root: TreeValue } | undefined> {
    const { files, signal, budget } = this.#input;
    for (const fileName of names) {
      const source = await files.resolve(fileName);
      if (source === undefined) continue;
      this.#closes.push(() => source.close());
      const opened = await torchZipContainer(this.#options).open({ source, fileName, files, signal, budget });
      return { file: source.name, root: opened.root };
    }
    return undefined;
  }
}

function missing(folder: string, fileName: string, ranks: number | undefined): LongspanError {
  const all =
    ranks === undefined
      ? ""
      : ` Each of the ${ranks} ranks wrote files of its own, often on several machines: copy all of them into one folder.`;
  return new LongspanError("not-found", `${folder} has no ${fileName}.${all}`, { details: { folder, file: fileName } });
}
