import type { ModelInFile } from "../checkpoint/checkpoint.ts";
import { entriesOfModel, type NamedEntry, type Trunk } from "./models-in-file.ts";
import { sameValuesByStorage } from "./same-values.ts";

/** Trunks without those that are another's second name: the same tensors in the same storages. The one with more of a head beside it stays. */
export function distinctTrunks(
  trunks: readonly Trunk[],
  entries: readonly NamedEntry[],
): { readonly kept: Trunk[]; readonly twins: Trunk[] } {
  const kept: Trunk[] = [];
  const twins: Trunk[] = [];
  for (const trunk of trunks.toSorted((one, other) => other.head.size - one.head.size)) {
    (kept.some((other) => sameTensors(trunk, other, entries)) ? twins : kept).push(trunk);
  }
  return { kept: trunks.filter((trunk) => kept.includes(trunk)), twins };
}

function sameTensors(one: Trunk, other: Trunk, entries: readonly NamedEntry[]): boolean {
  if (one.trunk.size !== other.trunk.size) return false;
  return [...one.trunk].every(([name, index]) => {
    const [tensor, twin] = [entries[index]?.tensor, entries[other.trunk.get(name) ?? -1]?.tensor];
    return tensor !== undefined && twin !== undefined && sameValuesByStorage(tensor, twin);
  });
}

/** What a file's models have that the first has not, and the other way round: for people who must choose one. */
export function describeModels(models: readonly Trunk[], read: Trunk | undefined, entries: readonly NamedEntry[]): ModelInFile[] {
  const [first] = models;
  return models.map((model) => {
    const others = models.filter((other) => other !== model);
    const twin = models.slice(0, models.indexOf(model)).find((other) => sameTensors(model, other, entries));
    const own = new Map([...model.trunk, ...model.head]);
    const compared = new Map(first === undefined ? [] : [...first.trunk, ...first.head]);
    const shapeOf = (index: number | undefined): readonly number[] | undefined => entries[index ?? -1]?.tensor?.shape;
    return {
      prefix: model.prefix,
      tensors: entriesOfModel(model, others, entries).size,
      read: model === read,
      sameStorageAs: twin?.prefix ?? null,
      missing: [...compared.keys()].filter((name) => !own.has(name)),
      extra: [...own.keys()].filter((name) => !compared.has(name)),
      otherShapes: [...own].flatMap(([name, index]) => {
        const [shape, other] = [shapeOf(index), shapeOf(compared.get(name))];
        return shape === undefined || other === undefined || shape.join() === other.join() ? [] : [{ name, shape, firstShape: other }];
      }),
    };
  });
}

/** How a model differs from the first, in a few words. */
export function describeModelDifferences({ sameStorageAs, missing, extra, otherShapes }: ModelInFile): string {
  if (sameStorageAs !== null) return `the same tensors as under ${sameStorageAs}, in one storage`;
  const parts = [
    ...(missing.length === 0 ? [] : [`without ${few(missing)} of the first`]),
    ...(extra.length === 0 ? [] : [`with ${few(extra)} besides`]),
    ...(otherShapes.length === 0
      ? []
      : [
          `other shapes of ${few(otherShapes.map(({ name, shape, firstShape }) => `${name} [${shape.join(", ")}] for [${firstShape.join(", ")}]`))}`,
        ]),
  ];
  return parts.length === 0 ? "the same names and shapes as the first" : parts.join(", ");
}

/** Some names, and how many more there are. */
export function few(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}
