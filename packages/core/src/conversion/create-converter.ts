import type { FormatAdapter } from "../adapter/format-adapter.ts";
import type { Layout } from "../adapter/layout.ts";
import type { Target } from "../adapter/target.ts";
import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { DataType } from "../tensor/data-type.ts";
import { uniqueByName } from "./choose-claim.ts";
import type { ConversionPlan } from "./conversion-plan.ts";
import { convertCheckpoint, type ConvertOptions } from "./convert-checkpoint.ts";
import { openCheckpoint, type OpenOptions } from "./open-checkpoint.ts";
import { planConversion } from "./plan-conversion.ts";
import { verifyCheckpoints, type Verification, type VerifyOptions } from "./verify-checkpoints.ts";

/** What a checkpoint shall become. */
export interface PlanRequest {
  /** A target of one of the adapters, by name. */
  readonly target: string;
  /** A layout object, or the name of one of the adapters'; default: the target's own. */
  readonly layout?: Layout | string | undefined;
  readonly dataType?: DataType | undefined;
}

/** Opening, planning, converting and comparing with one set of adapters. */
export interface Converter {
  readonly targets: readonly Target[];
  readonly layouts: readonly Layout[];
  open(input: CheckpointInput, options?: Omit<OpenOptions, "adapters">): Promise<Checkpoint>;
  plan(source: Checkpoint, request: PlanRequest): ConversionPlan;
  convert(plan: ConversionPlan, options: ConvertOptions): Promise<readonly string[]>;
  verify(a: Checkpoint, b: Checkpoint, options?: VerifyOptions): Promise<Verification>;
}

/**
 * A converter over these adapters and no others: nothing is registered globally.
 * @throws LongspanError `adapter-invalid` when two adapters bring a target or a layout of one name.
 */
export function createConverter({ adapters }: { readonly adapters: readonly FormatAdapter[] }): Converter {
  const targets = onlyOnce(adapters, "target", (adapter) => adapter.targets);
  const layouts = onlyOnce(adapters, "layout", (adapter) => adapter.layouts);
  return {
    targets,
    layouts,
    open: (input, options = {}) => openCheckpoint(input, { ...options, adapters }),
    plan(source, request) {
      const target = named(targets, request.target, "target-unknown", "target");
      const layout = typeof request.layout === "string" ? named(layouts, request.layout, "layout-unknown", "layout") : request.layout;
      return planConversion(source, { target, layout, dataType: request.dataType });
    },
    convert: convertCheckpoint,
    verify: verifyCheckpoints,
  };
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
