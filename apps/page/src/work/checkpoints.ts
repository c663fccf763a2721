import { type Checkpoint, elementCount, headName, LongspanError } from "@longspan/core";
import { type CompiledLayout, compileLayout } from "@longspan/core/adapter";
import type { Comparison, Inspection, PlanReport, Slot, TensorRow, ConvertRequest } from "../protocol/calls.ts";
import { placeKey, type ModelPlace } from "../protocol/model-place.ts";
import { adapters, converter } from "./adapters.ts";
import type { StepOptions } from "./models.ts";
import { openPlace } from "./open-place.ts";

/** Checkpoints that are open to be looked at, one in each place of the page. */
export interface Checkpoints {
  open(slot: Slot, place: ModelPlace, options: StepOptions): Promise<Inspection>;
  /** The checkpoint of that slot, opened again where it is not: a worker may have gone since it was looked at. */
  get(slot: Slot, place: ModelPlace, options: StepOptions): Promise<Checkpoint>;
  compare(places: { readonly left: ModelPlace; readonly right: ModelPlace }, options: StepOptions): Promise<Comparison>;
  plan(request: Omit<ConvertRequest, "to">, options: StepOptions): Promise<PlanReport>;
  close(slot: Slot): Promise<void>;
}

export function createCheckpoints(): Checkpoints {
  const open = new Map<Slot, { readonly key: string; readonly checkpoint: Checkpoint }>();

  async function close(slot: Slot): Promise<void> {
    const found = open.get(slot);
    open.delete(slot);
    await found?.checkpoint.close();
  }

  async function openAnew(slot: Slot, place: ModelPlace, { signal, report }: StepOptions): Promise<Checkpoint> {
    await close(slot);
    report({ stage: "open", item: "", done: 0, total: 0, unit: "steps" });
    const input = await openPlace(place, {
      signal,
      remote: true,
      onProgress: ({ stage, item, done, total }) => {
        if (stage === "download") report({ stage, item, done, total, unit: "bytes" });
      },
    });
    const checkpoint = await converter.open(input, { signal });
    open.set(slot, { key: placeKey(place), checkpoint });
    return checkpoint;
  }

  async function get(slot: Slot, place: ModelPlace, options: StepOptions): Promise<Checkpoint> {
    const found = open.get(slot);
    return found?.key === placeKey(place) ? found.checkpoint : openAnew(slot, place, options);
  }

  return {
    get,
    close,
    open: async (slot, place, options) => inspectionOf(await openAnew(slot, place, options)),
    async compare({ left, right }, options) {
      const { signal, report } = options;
      const [one, other] = [await get("left", left, options), await get("right", right, options)];
      const { onlyInA, onlyInB, ...verification } = await converter.verify(one, other, {
        signal,
        onProgress: ({ item, done, total }) => report({ stage: "compare", item, done, total, unit: "bytes" }),
      });
      return { ...verification, onlyInLeft: onlyInA, onlyInRight: onlyInB };
    },
    async plan({ place, target, dataType }, options) {
      const plan = converter.plan(await get("convert", place, options), { target, dataType: dataType as "float16" | undefined });
      return {
        target,
        rows: plan.steps.map(({ source, sourceShape, target: written, targetShape, transposed }) => ({
          source,
          sourceShape,
          target: written,
          targetShape,
          transposed,
        })),
        bytes: plan.steps.reduce((sum, { tensor }) => sum + tensor.byteLength, 0),
        dropped: plan.dropped,
        warnings: plan.warnings,
        problem: plan.problem === undefined ? null : { code: plan.problem.code, message: plan.problem.message },
      };
    },
  };
}

function inspectionOf(checkpoint: Checkpoint): Inspection {
  const layouts = checkpoint.spec === null ? [] : writtenLayouts(checkpoint.spec);
  const counted = checkpoint.spec === null ? checkpoint.tensors : checkpoint.tensors.filter(({ role }) => role === "parameter");
  return {
    name: checkpoint.name,
    container: checkpoint.container,
    envelope: checkpoint.envelope,
    layout: checkpoint.layout,
    head: checkpoint.head === null ? null : headName(checkpoint.head),
    prefix: checkpoint.prefix,
    orientation: checkpoint.orientation,
    configOrigin: checkpoint.configOrigin,
    config: checkpoint.config?.source ?? null,
    parameterCount: counted.reduce((sum, { tensor }) => sum + elementCount(tensor.shape), 0),
    tensorBytes: checkpoint.tensors.reduce((sum, { tensor }) => sum + tensor.byteLength, 0),
    tensors: checkpoint.tensors.map(({ sourceName, canonicalName, tensor, role, reason, transposed }): TensorRow => ({
      name: sourceName,
      canonicalName,
      dataType: tensor.dataType,
      shape: tensor.shape,
      byteLength: tensor.byteLength,
      role,
      reason,
      transposed,
      otherNames: namesOf(canonicalName, layouts),
    })),
    layouts: layouts.map(({ layout }) => layout.name),
    targets: converter.targets.map(({ name }) => name),
    dropped: checkpoint.dropped,
    unreadable: checkpoint.unreadable.map(({ sourceName, reason }) => ({ name: sourceName, reason })),
    warnings: checkpoint.warnings,
    problem: checkpoint.problem === undefined ? null : { code: checkpoint.problem.code, message: checkpoint.problem.message },
  };
}

function namesOf(canonicalName: string | null, layouts: readonly CompiledLayout[]): Readonly<Record<string, string>> {
  if (canonicalName === null) return {};
  return Object.fromEntries(
    layouts.flatMap((compiled): [string, string][] => {
      const written = compiled.ofCanonical(canonicalName);
      return written === undefined ? [] : [[compiled.layout.name, written.name]];
    }),
  );
}

/** A layout that has no rule for this head names nothing of it. */
function writtenLayouts(spec: NonNullable<Checkpoint["spec"]>): readonly CompiledLayout[] {
  const layouts = new Map(adapters.flatMap((adapter) => adapter.layouts).map((layout) => [layout.name, layout]));
  return [...layouts.values()].flatMap((layout) => {
    try {
      return [compileLayout(layout, spec)];
    } catch (error) {
      if (LongspanError.isInstance(error) && error.code === "layout-invalid") return [];
      throw error;
    }
  });
}
