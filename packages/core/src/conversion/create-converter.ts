import type { FormatAdapter } from "../adapter/format-adapter.ts";
import type { Layout } from "../adapter/layout.ts";
import type { Target } from "../adapter/target.ts";
import { checkAdapters } from "../arguments/check-adapters.ts";
import { checkCheckpoint } from "../arguments/check-checkpoint.ts";
import { checkDataTypeName } from "../arguments/known-name.ts";
import { checkOptions } from "../arguments/check-options.ts";
import { checkSettled } from "../arguments/check-settled.ts";
import type { CheckpointPlace } from "../place/checkpoint-place.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { DataType } from "../tensor/data-type.ts";
import { uniqueByName } from "./choose-claim.ts";
import type { ConversionPlan } from "./conversion-plan.ts";
import type { ConvertOptions } from "./convert-checkpoint.ts";
import { openCheckpoint, openOptionNames, type OpenOptions } from "./open-checkpoint.ts";
import { planConversion } from "./plan-conversion.ts";
import type { Verification, VerifyOptions } from "./verify-checkpoints.ts";

/** What a checkpoint shall become. */
export interface PlanRequest {
  /** A target of one of the adapters, by name. */
  readonly target: string;
  /** A layout object, or the name of one of the adapters'; default: the target's own. */
  readonly layout?: Layout | string | undefined;
  /** Element type of all float tensors that are written. Default: each keeps its own. */
  readonly dataType?: DataType | undefined;
}

/** Opening, planning, converting and comparing with one set of adapters. */
export interface Converter {
  /** All that the adapters can write. */
  readonly targets: readonly Target[];
  /** All that the adapters read and write. */
  readonly layouts: readonly Layout[];
  /** Reads the headers of a checkpoint: see `openCheckpoint`. The caller closes it. */
  open(place: CheckpointPlace, options?: Omit<OpenOptions, "adapters">): Promise<Checkpoint>;
  /**
   * Proves a conversion and says what goes where, without reading a value or writing a byte. What the weights lack is the plan's `problem`.
   * @throws LongspanError the checkpoint's own `problem`; `target-unknown`, `layout-unknown`, `layout-invalid`; `data-type-mismatch` for a type that the target cannot hold;
   * `argument-invalid`.
   */
  plan(source: Checkpoint, request: PlanRequest): ConversionPlan;
  /**
   * Carries a plan out, tensor by tensor, and commits the sink; the paths that were written.
   * @throws LongspanError the plan's `problem`; `source-changed`, `value-overflow`, `aborted`, and what sources and sinks throw: then nothing is left of the output.
   */
  convert(plan: ConversionPlan, options: ConvertOptions): Promise<readonly string[]>;
  /**
   * Compares two checkpoints under canonical names, value by value, whatever frameworks they are of.
   * @throws LongspanError the `problem` of either; `source-changed`, `aborted`.
   */
  verify(a: Checkpoint, b: Checkpoint, options?: VerifyOptions): Promise<Verification>;
}

/**
 * A converter over these adapters and no others: nothing is registered globally.
 * @throws LongspanError `adapter-invalid` when two adapters bring a target or a layout of one name.
 */
export function createConverter(options: { readonly adapters: readonly FormatAdapter[] }): Converter {
  checkAdapters(options, "createConverter({ adapters: [torch()] })");
  checkOptions(options, { adapters: true }, "createConverter");
  const { adapters } = options;
  const targets = onlyOnce(adapters, "target", (adapter) => adapter.targets);
  const layouts = onlyOnce(adapters, "layout", (adapter) => adapter.layouts);
  return {
    targets,
    layouts,
    async open(place, given) {
      checkOptions(given, openOptionNames, "converter.open");
      return openCheckpoint(place, { ...given, adapters });
    },
    plan(source, request) {
      checkCheckpoint(source, "The source of a plan");
      checkRequest(request);
      const target = named(targets, request.target, "target-unknown", "target");
      const layout = typeof request.layout === "string" ? named(layouts, request.layout, "layout-unknown", "layout") : request.layout;
      return planConversion(source, { target, layout, dataType: request.dataType });
    },
    async convert(plan, given) {
      checkConversion(plan, given);
      return (await import("./convert-checkpoint.ts")).convertCheckpoint(plan, given);
    },
    async verify(a, b, given) {
      checkCheckpoint(a, "The first checkpoint to compare");
      checkCheckpoint(b, "The second checkpoint to compare");
      return (await import("./verify-checkpoints.ts")).verifyCheckpoints(a, b, given);
    },
  };
}

function checkRequest(request: unknown): asserts request is PlanRequest {
  if (typeof request === "string" || typeof request !== "object" || request === null || !("target" in request)) {
    const target = typeof request === "string" ? request : "hf";
    throw new LongspanError(
      "argument-invalid",
      `A plan names its target: write converter.plan(source, { target: ${JSON.stringify(target)} }).`,
    );
  }
  checkOptions(request, { target: true, layout: true, dataType: true }, "converter.plan");
  checkDataTypeName(Reflect.get(request, "dataType"));
}

function checkConversion(plan: unknown, given: unknown): void {
  checkSettled(plan, "The plan", "await before it");
  if (typeof plan !== "object" || plan === null || !("steps" in plan))
    throw new LongspanError(
      "argument-invalid",
      'A plan is converted, not a checkpoint: write converter.convert(converter.plan(source, { target: "hf" }), { sink }).',
    );
  const sink: unknown = typeof given === "object" && given !== null && "sink" in given ? given.sink : undefined;
  checkSettled(sink, "The sink", 'sink: await directorySink("folder")');
  if (typeof sink !== "object" || sink === null || !("commit" in sink))
    throw new LongspanError(
      "argument-invalid",
      'Where to write is missing: write converter.convert(plan, { sink: await directorySink("folder") }), or sink: memoryDirectorySink() in a browser.',
    );
}

function named<Named extends { readonly name: string }>(
  things: readonly Named[],
  name: string,
  code: "target-unknown" | "layout-unknown",
  what: string,
): Named {
  const found = things.find((thing) => thing.name === name);
  if (found === undefined) {
    throw new LongspanError(code, `There is no ${what} "${name}". There are: ${things.map((thing) => thing.name).join(", ")}.`, {
      details: { [what]: name },
    });
  }
  return found;
}

/** The same object brought twice is no clash: an adapter may build on another's layout. */
function onlyOnce<Named extends { readonly name: string }>(
  adapters: readonly FormatAdapter[],
  what: string,
  list: (adapter: FormatAdapter) => readonly Named[],
): readonly Named[] {
  const owners = new Map<string, { thing: Named; adapter: string }>();
  for (const adapter of adapters) {
    for (const thing of list(adapter)) {
      const other = owners.get(thing.name);
      if (other !== undefined && other.thing !== thing) {
        throw new LongspanError(
          "adapter-invalid",
          `The adapters "${other.adapter}" and "${adapter.name}" both bring a ${what} "${thing.name}". Use one of them, or rename one.`,
        );
      }
      owners.set(thing.name, { thing, adapter: adapter.name });
    }
  }
  return uniqueByName(adapters.flatMap((adapter) => list(adapter)));
}
