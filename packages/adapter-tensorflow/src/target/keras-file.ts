import type { DataType } from "@longspan/core";
import type { PlannedDataset, PlannedGroup } from "../hdf5/plan-hdf5.ts";

/** A weight as Keras has it. */
interface KerasWeight {
  /** `tf_longformer_model/longformer/embeddings/…/weight:0`. */
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
}

/** The release whose form this is; `keras.models.Model.load_weights` converts older ones. */
const fileAttributes: readonly (readonly [string, string])[] = [
  ["backend", "tensorflow"],
  ["keras_version", "2.17.0"],
];

/** tf_keras/src/saving/legacy/hdf5_format.py, `HDF5_OBJECT_HEADER_LIMIT`: an attribute must fit an object header. */
const attributeLimit = 64_512;

/**
 * `tf_model.h5`: a group for each layer of the model, in it the datasets of its weights by their paths, and the lists that say in
 * which order (tf_keras/src/saving/legacy/hdf5_format.py, `save_weights_to_hdf5_group`).
 */
export function kerasFile(layers: ReadonlyMap<string, readonly KerasWeight[]>): PlannedGroup {
  const members = new Map<string, PlannedGroup>();
  const datasets = new Map<string, PlannedDataset>();
  for (const [layer, weights] of layers) {
    const lists = nameAttributes(
      "weight_names",
      weights.map(({ name }) => name),
    );
    members.set(layer, { ...groupsOf(weights, ({ name }) => name, datasets), attributes: lists });
  }
  const lists = nameAttributes("layer_names", [...layers.keys()]);
  return { kind: "group", attributes: new Map<string, string | readonly string[]>([...lists, ...fileAttributes]), members };
}

/** A shard: datasets by their paths without the model's name, all of them listed at the root (transformers, modeling_tf_utils.py). */
export function kerasShard(weights: readonly KerasWeight[]): PlannedGroup {
  const pathOf = ({ name }: KerasWeight): string => name.replace(/^[^/]*\//, "");
  return { ...groupsOf(weights, pathOf, new Map()), attributes: nameAttributes("layer_names", weights.map(pathOf)) };
}

interface GrowingGroup extends PlannedGroup {
  readonly members: Map<string, GrowingGroup | PlannedDataset>;
}

function newGroup(): GrowingGroup {
  return { kind: "group", attributes: new Map(), members: new Map() };
}

/** @param datasets By weight: one that several layers list is one dataset. */
function groupsOf(
  weights: readonly KerasWeight[],
  pathOf: (weight: KerasWeight) => string,
  datasets: Map<string, PlannedDataset>,
): PlannedGroup {
  const root = newGroup();
  for (const weight of weights) {
    const segments = pathOf(weight).split("/");
    let group = root;
    for (const segment of segments.slice(0, -1)) {
      const known = group.members.get(segment);
      const next = known?.kind === "group" ? known : newGroup();
      group.members.set(segment, next);
      group = next;
    }
    const { name, dataType, shape } = weight;
    const dataset = datasets.get(name) ?? { kind: "dataset", weight: name, dataType, shape };
    datasets.set(name, dataset);
    group.members.set(segments.at(-1) ?? "", dataset);
  }
  return root;
}

/** One attribute, or as many pieces `name0`, `name1`, … as make each of them fit, cut as numpy's `array_split` cuts. */
function nameAttributes(name: string, names: readonly string[]): Map<string, readonly string[]> {
  const widest = Math.max(1, ...names.map((one) => new TextEncoder().encode(one).byteLength));
  if (names.length * widest <= attributeLimit) return new Map([[name, names]]);
  const perPiece = Math.floor(attributeLimit / widest);
  const count = Math.ceil(names.length / perPiece);
  const larger = names.length % count;
  const length = Math.floor(names.length / count);
  const pieces = new Map<string, readonly string[]>();
  for (let piece = 0, start = 0; piece < count; piece++) {
    const end = start + length + (piece < larger ? 1 : 0);
    pieces.set(`${name}${piece}`, names.slice(start, end));
    start = end;
  }
  return pieces;
}
