import type { LazyTensor } from "@longspan/core";
import type { EnvelopeTensor } from "@longspan/core/adapter";

/** Tensors that an adapter trains beside a module's own, by the segment that PEFT gives them (peft/tuners/lora/layer.py, ia3/layer.py). */
const partSegments = ["lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector", "ia3_l"] as const;

type PartSegment = (typeof partSegments)[number];

/** What one adapter has for one module. */
export interface ModuleParts {
  readonly tensors: ReadonlyMap<PartSegment | "lora_B_bias", LazyTensor>;
  /** The first of its names in the file, for messages. */
  readonly sourceName: string;
}

/** A file's tensors, told apart by what PEFT makes of their names. */
export interface AdapterParts {
  /** Adapter → module → parts. An adapter file leaves the adapter's name out: "". */
  readonly adapters: ReadonlyMap<string, ReadonlyMap<string, ModuleParts>>;
  /** Adapter → parameter → the trained copy of a module that was trained whole (`modules_to_save`). */
  readonly saved: ReadonlyMap<string, ReadonlyMap<string, EnvelopeTensor>>;
  /** All else, under the parameters' own names: without `base_layer` and `original_module`. In the file's order. */
  readonly parameters: ReadonlyMap<string, EnvelopeTensor>;
  /**
   * Further copies of what `parameters` has. An adapter's own file gives a module that was trained whole under its plain name; with `bias: "all"`
   * its bias is there as `original_module` (the base's) and `modules_to_save` (the trained one again) too.
   */
  readonly repeated: readonly EnvelopeTensor[];
  /** Whether any name has a segment of PEFT's. */
  readonly wrapped: boolean;
  /** A name of a method that is not merged here, and what it is called. */
  readonly foreign: { readonly sourceName: string; readonly method: string } | undefined;
}

/** Segments of PEFT's other methods, and of variants of LoRA: merging them is another computation (peft/tuners/*). */
const foreignSegments: readonly (readonly [RegExp, string])[] = [
  [/^(?:lora_E|ranknum)$/, "AdaLoRA"],
  [/^hada_[wt]\d/, "LoHa"],
  [/^lokr_[wt]\d/, "LoKr"],
  [/^(?:oft|boft)_/, "OFT or BOFT"],
  [/^vera_lambda_/, "VeRA"],
  [/^(?:vblora|randlora|unilora|tinylora)_/, "a method with shared bases (VB-LoRA, RandLoRA)"],
  [/^fourierft_/, "FourierFT"],
  [/^(?:hra_u|bone_|miss_|c3a_kernel|shira_weight|road_theta|waveft_)/, "another method than LoRA or IA3"],
  [/^(?:prompt_encoder|prompt_embeddings|adaption_prompt)$/, "prompt tuning"],
  [/^(?:token_adapter|trainable_tokens_(?:delta|original))$/, "trainable tokens"],
  [/^ln_tuning_layers$/, "LayerNorm tuning"],
  [/^lora_(?!A$|B$|embedding_[AB]$|magnitude_vector$|dropout$)/, "a variant of LoRA"],
];

/** Sorts a file's tensors. Looks at names alone. */
export function adapterParts(tensors: readonly EnvelopeTensor[]): AdapterParts {
  const adapters = new Map<string, Map<string, { tensors: Map<PartSegment | "lora_B_bias", LazyTensor>; sourceName: string }>>();
  const saved = new Map<string, Map<string, EnvelopeTensor>>();
  const parameters = new Map<string, EnvelopeTensor>();
  const plainNames = new Set<string>();
  const repeated: EnvelopeTensor[] = [];
  let wrapped = false;
  let foreign: AdapterParts["foreign"];
  for (const tensor of tensors) {
    const name = tensor.name.split(".");
    const found = partOf(name);
    if (found !== undefined) {
      const modules = entryOf(adapters, found.adapter, () => new Map());
      const parts = entryOf(modules, found.module, () => ({ tensors: new Map(), sourceName: tensor.sourceName }));
      parts.tensors.set(found.part, tensor.tensor);
      continue;
    }
    const method = foreignMethod(name);
    if (method !== undefined) foreign ??= { sourceName: tensor.sourceName, method };
    const at = name.indexOf("modules_to_save");
    if (at > 0 && at + 1 < name.length) {
      // An adapter's own file leaves the adapter's name out where it stands before the last segment.
      const named = at + 2 < name.length;
      const parameter = [...name.slice(0, at), ...name.slice(named ? at + 2 : at + 1)].join(".");
      entryOf(saved, named ? (name[at + 1] ?? "") : "", () => new Map()).set(parameter, tensor);
      continue;
    }
    const plain = name.filter((segment, index) => index === 0 || (segment !== "base_layer" && segment !== "original_module"));
    const parameter = plain.join(".");
    wrapped ||= plain.length < name.length;
    const original = name.lastIndexOf("original_module") > 0;
    const other = parameters.get(parameter);
    if (original && other !== undefined) {
      repeated.push(tensor);
      continue;
    }
    if (other !== undefined) repeated.push(other);
    if (!original) plainNames.add(parameter);
    parameters.set(parameter, tensor);
  }
  for (const [adapter, copies] of saved) {
    for (const [parameter, tensor] of copies) {
      if (!plainNames.has(parameter)) continue;
      copies.delete(parameter);
      repeated.push(tensor);
    }
    if (copies.size === 0) saved.delete(adapter);
  }
  wrapped ||= adapters.size > 0 || saved.size > 0 || foreign !== undefined;
  return { adapters, saved, parameters, repeated, wrapped, foreign };
}

/** What is told of further copies. */
export function repeatedCopies({ repeated }: AdapterParts): readonly { readonly name: string; readonly reason: string }[] {
  return repeated.map(({ sourceName }) => ({ name: sourceName, reason: "another copy of a module that the adapter trained whole" }));
}

interface Part {
  readonly module: string;
  readonly part: PartSegment | "lora_B_bias";
  readonly adapter: string;
}

/** `query.lora_A.default.weight`, in an adapter file `query.lora_A.weight`. */
function partOf(name: readonly string[]): Part | undefined {
  const at = name.findIndex((segment) => isPartSegment(segment));
  const segment = name[at];
  if (segment === undefined || !isPartSegment(segment)) return undefined;
  const module = name.slice(0, at).join(".");
  const rest = name.slice(at + 1);
  const leaf = rest.at(-1);
  const isLeaf = leaf === "weight" || (leaf === "bias" && segment === "lora_B");
  const named = isLeaf ? rest.slice(0, -1) : rest;
  if (named.length > 1) return undefined;
  return { module, part: leaf === "bias" && isLeaf ? "lora_B_bias" : segment, adapter: named[0] ?? "" };
}

function isPartSegment(segment: string): segment is PartSegment {
  return partSegments.some((part) => part === segment);
}

function foreignMethod(name: readonly string[]): string | undefined {
  for (const segment of name) {
    const found = foreignSegments.find(([pattern]) => pattern.test(segment));
    if (found !== undefined) return found[1];
  }
  return undefined;
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
