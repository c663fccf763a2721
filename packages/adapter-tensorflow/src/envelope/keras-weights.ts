import { LongspanError } from "@longspan/core";
import {
  type Claim,
  type Envelope,
  envelopeContents,
  type EnvelopeContents,
  isTensorLike,
  isTreeMap,
  type OpenedContainer,
  type StateDictEntry,
  type TreeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { dottedName } from "../layout/weight-path.ts";

/** The group of a model that was saved whole, with its optimizer (`model.save("model.h5")`). */
const wholeModelGroup = "model_weights";

/** The weights of a Keras model: name `keras-weights`. In an HDF5 file its lists of names say which datasets they are; in other files they are named by their paths. */
export function kerasWeightsEnvelope(): Envelope {
  return { name: "keras-weights", detect, open };
}

function detect(container: OpenedContainer): Claim | undefined {
  if (listOf(container, "layer_names") !== undefined) return { specificity: 80, evidence: "Keras's list of layers" };
  if (listOf(container, `${wholeModelGroup}/layer_names`) !== undefined) return { specificity: 80, evidence: "a whole Keras model" };
  if (flatEntries(container.root).length > 0) return { specificity: 75, evidence: "weights named by Keras's paths" };
  if (isNumbered(container.root)) return { specificity: 80, evidence: "weights of Keras's newer form, by numbers" };
  return undefined;
}

function open(container: OpenedContainer): EnvelopeContents {
  const { root } = container;
  const flat = flatEntries(root);
  // Shards together have the names of their index; the lists of any one of them tell nothing of the others.
  const found = flat.length > 0 ? flat : (namedWeights(container) ?? []);
  if (found.length === 0 && isNumbered(root)) {
    throw new LongspanError(
      "unsupported",
      'This is a file of Keras\'s newer form (model.save_weights("….weights.h5"), or one of a .keras file): its weights are numbered and have no names. Load it with the code that made it, and save with model.save_pretrained(folder), or model.save_weights("weights.h5").',
    );
  }
  return { ...envelopeContents(withRepeats(found).map(groupRefused)), metadata: new Map<string, TreeValue>(container.attributes) };
}

interface Weight {
  /** The layer whose list names it; undefined where there are no layers. */
  readonly layer: string | undefined;
  /** Keras's path: `longformer/embeddings/…/weight:0`. */
  readonly path: string;
  readonly sourceName: string;
  readonly value: TreeValue;
}

/** The datasets that the lists `layer_names` and `weight_names` name, in their order; undefined without such lists. */
function namedWeights(container: OpenedContainer): Weight[] | undefined {
  const group = listOf(container, "layer_names") === undefined ? `${wholeModelGroup}/` : "";
  const layers = listOf(container, `${group}layer_names`);
  if (layers === undefined) return undefined;
  return layers.flatMap((layer): Weight[] => {
    const sourceName = group + layer;
    const node = member(container.root, sourceName);
    if (node === undefined) throw absent(sourceName, "layer_names");
    // A shard lists its datasets themselves.
    if (!isTreeMap(node)) return [{ layer: undefined, path: layer, sourceName, value: node }];
    return (listOf(container, `${sourceName}/weight_names`) ?? []).map((path) => {
      const value = member(node, path);
      if (value === undefined) throw absent(`${sourceName}/${path}`, "weight_names");
      return { layer, path, sourceName: `${sourceName}/${path}`, value };
    });
  });
}

/** Entries of a flat map that are named as Keras names weights: paths of several segments with an output's number behind. */
function flatEntries(root: TreeValue): Weight[] {
  if (!isTreeMap(root)) return [];
  return root.entries.flatMap(([path, value]): Weight[] =>
    typeof path === "string" && /\/[^/]+:\d+$/.test(path) ? [{ layer: undefined, path, sourceName: path, value }] : [],
  );
}

/** A weight that several layers list is the first one's; what the others hold are copies, which are named as such. */
function withRepeats(weights: readonly Weight[]): { name: string; sourceName: string; value: TreeValue }[] {
  const owners = new Map<string, string>();
  return weights.map(({ layer, path, sourceName, value }) => {
    const name = dottedName(path);
    const owner = layer === undefined ? undefined : owners.get(name);
    if (layer !== undefined && owner === undefined) owners.set(name, layer);
    return { name: layer === undefined || owner === undefined ? name : repeatedName(layer, owner, name), sourceName, value };
  });
}

/** `model.longformer.embeddings.…` of the layer `longformer`, listed by `lm_head`, too: `model.lm_head.repeats.embeddings.…`. */
function repeatedName(layer: string, owner: string, name: string): string {
  const segments = name.split(".");
  const at = segments.indexOf(owner);
  return at < 0 ? name : segments.toSpliced(at, 1, layer, "repeats").join(".");
}

/** keras/src/saving/saving_lib.py: a group for each layer an object has, and in it `vars` with the weights `0`, `1`, … */
function isNumbered(node: TreeValue, seen = new Set<TreeValue>()): boolean {
  if (!isTreeMap(node) || seen.has(node)) return false;
  seen.add(node);
  const weights = node.get("vars") ?? null;
  if (isTreeMap(weights) && isTensorLike(weights.get("0"))) return true;
  return node.entries.some(([, value]) => isNumbered(value, seen));
}

function member(map: TreeValue, path: string): TreeValue | undefined {
  let node: TreeValue | undefined = map;
  for (const segment of path.split("/")) node = isTreeMap(node) ? (node satisfies TreeMap).get(segment) : undefined;
  return node;
}

function listOf({ attributes }: OpenedContainer, name: string): readonly string[] | undefined {
  const text = attributes.get(name);
  if (text === undefined || !text.startsWith("[")) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((one) => typeof one === "string") ? list : undefined;
  } catch {
    // An attribute of that name in another kind of file.
    return undefined;
  }
}

/** A group in a dataset's place is named as such. */
function groupRefused(entry: StateDictEntry): StateDictEntry {
  if (!isTreeMap(entry.value)) return entry;
  return { ...entry, value: { kind: "opaque", className: "h5py.Group", reason: "it is a group, not a dataset" } };
}

function absent(name: string, list: string): LongspanError {
  return new LongspanError(
    "malformed",
    `The file's "${list}" names "${name.slice(0, 200)}", which is not in it. The file is damaged: copy or download it again.`,
    { details: { tensor: name, list } },
  );
}
