import { type Checkpoint, type Head, heads, LongspanError } from "@longspan/core";
import {
  castTensor,
  createLongformerSpec,
  type DerivationContext,
  type EnvelopeContents,
  type EnvelopeTensor,
  parseLayout,
  renameTensor,
  transposeTensor,
} from "@longspan/core/adapter";
import { huggingFaceLayout } from "../../layouts/hf.ts";
import { adapterSidecars } from "./adapter-sidecars.ts";
import { repeatedCopies, type AdapterParts } from "./adapter-parts.ts";
import type { ChosenAdapter } from "./chosen-adapter.ts";
import { mergeModule } from "./merge-module.ts";
import { modulePath } from "./module-path.ts";

/**
 * An adapter's own file, merged into its base, whatever framework that is from: the base's parameters under canonical names and in canonical
 * orientation. As `PeftModel.from_pretrained` does, a half-precision adapter is held in float32 (`autocast_adapter_dtype`), and modules that were
 * trained whole take the base's type.
 * @throws LongspanError the base's problem; `weights-mismatch` for a base that lacks what the adapter changes; `unsupported`.
 */
export function mergeIntoBase(
  contents: EnvelopeContents,
  parts: AdapterParts,
  adapter: ChosenAdapter,
  base: Checkpoint,
  context: DerivationContext,
): EnvelopeContents {
  if (base.layout === null) throw base.problem ?? new LongspanError("not-a-longformer", `${base.name} is no Longformer checkpoint.`);
  requireUnchangedBase(adapter);
  const parameters = baseParameters(base);
  const before = new Set(parameters.keys());
  const place = placeIn(before);
  // Biases and modules that were trained whole are set first: low-rank updates go on top of them.
  const { others, reason } = setTrained(parameters, parts, adapter, place);
  for (const [module, found] of adapter.modules) {
    const canonical = place(`${module}.weight`);
    const weight = canonical === undefined ? undefined : parameters.get(canonical);
    if (canonical === undefined || weight === undefined) throw notTheBase(base, `${module}.weight`);
    const biasName = `${canonical.slice(0, -"weight".length)}bias`;
    const bias = parameters.get(biasName);
    const merged = mergeModule(
      { path: modulePath(module), parts: found, weight: weight.tensor, bias: bias?.tensor, transposed: false, heldIn: "float32" },
      adapter.config,
    );
    parameters.set(canonical, { ...weight, tensor: merged.weight });
    if (merged.bias !== undefined && bias !== undefined) parameters.set(biasName, { ...bias, tensor: merged.bias });
  }
  const added = new Set([...parameters.keys()].filter((name) => !before.has(name)));
  return {
    tensors: [...parameters.values(), ...others],
    layout: huggingFaceLayout(),
    sidecarFiles: adapterSidecars(context.files, base.files),
    head: contents.head ?? adapter.config?.head ?? headOf(added, base) ?? (typeof base.head === "string" ? base.head : undefined),
    config: base.config?.source,
    dropped: [...contents.dropped, ...base.dropped, ...reason, ...repeatedCopies(parts)],
    metadata: base.metadata,
    warnings: [
      ...base.warnings,
      ...contents.warnings,
      `The PEFT adapter (${adapter.description}) is merged into ${adapter.modules.size} modules of ${base.name}, as merge_and_unload() does.`,
    ],
  };
}

function requireUnchangedBase({ config }: ChosenAdapter): void {
  if (config?.changesBase === undefined) return;
  throw new LongspanError(
    "unsupported",
    `The adapter was initialized with ${config.changesBase}, which changes the base's weights too: over the base as published it is another model. Merge it with PEFT (merge_and_unload), or save it there for the unchanged base (path_initial_model_for_weight_conversion).`,
    { details: { initialization: config.changesBase } },
  );
}

/** Canonical name → the base's tensor in canonical orientation. Tied copies are left out: they change with what they are tied to. */
function baseParameters(base: Checkpoint): Map<string, EnvelopeTensor> {
  const parameters = new Map<string, EnvelopeTensor>();
  for (const { role, canonicalName, sourceName, tensor, transposed } of base.tensors) {
    if (role !== "parameter" || canonicalName === null || parameters.has(canonicalName)) continue;
    const upright = transposed ? transposeTensor(tensor) : tensor;
    parameters.set(canonicalName, { name: canonicalName, sourceName, tensor: renameTensor(upright, canonicalName) });
  }
  return parameters;
}

/** Finds the canonical name that a name in an adapter's file is about, whatever modules stand around the Longformer there. */
function placeIn(known: ReadonlySet<string>): (name: string) => string | undefined {
  const layout = parseLayout(huggingFaceLayout());
  return (name) => {
    const segments = name.split(".");
    for (let start = 0; start < segments.length; start++) {
      const rest = segments.slice(start);
      const joined = rest.join(".");
      if (known.has(joined)) return joined;
      for (const part of ["trunk", "head"] as const) {
        const reading = layout.read(rest, part).find(({ kind }) => kind === "parameter");
        if (reading?.kind === "parameter") return reading.canonicalName;
      }
    }
    return undefined;
  };
}

/** Puts what the adapter's file holds under parameters' own names in the base's place; what is no Longformer's keeps its name and is told later. */
function setTrained(
  parameters: Map<string, EnvelopeTensor>,
  parts: AdapterParts,
  adapter: ChosenAdapter,
  place: (name: string) => string | undefined,
): { readonly others: readonly EnvelopeTensor[]; readonly reason: readonly { readonly name: string; readonly reason: string }[] } {
  const [first] = parameters.values();
  const others: EnvelopeTensor[] = [];
  const reason: { name: string; reason: string }[] = [];
  for (const [name, trained] of [...parts.parameters, ...(parts.saved.get(adapter.name) ?? [])]) {
    const canonical = place(name);
    if (canonical === undefined) {
      others.push({ ...trained, name });
      continue;
    }
    const replaced = parameters.get(canonical);
    const dataType = (replaced ?? first ?? trained).tensor.dataType;
    if (replaced !== undefined) reason.push({ name: replaced.sourceName, reason: `the adapter trained its own ("${trained.sourceName}")` });
    parameters.set(canonical, { ...trained, name: canonical, tensor: renameTensor(castTensor(trained.tensor, dataType), canonical) });
  }
  return { others, reason };
}

/** The head whose every parameter the adapter brings: the one it was trained with, whatever the base's own was. */
function headOf(added: ReadonlySet<string>, { config }: Checkpoint): Head | undefined {
  if (config === null) return undefined;
  const fitting = heads.filter((head) => {
    const names = createLongformerSpec(config, head)
      .parameters.filter(({ part }) => part === "head")
      .map(({ name }) => name);
    return names.length > 0 && names.every((name) => added.has(name));
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

function notTheBase(base: Checkpoint, name: string): LongspanError {
  return new LongspanError(
    "weights-mismatch",
    `The adapter changes "${name}", which ${base.name} does not have. Give the base that the adapter was trained on.`,
    { details: { base: base.name, parameter: name } },
  );
}
