import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { ModelInFile } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { ChosenModel, ModelRequest } from "./chosen-model.ts";
import { describeModelDifferences, describeModels, distinctTrunks, few } from "./describe-models.ts";
import { matchTrunk, type LayoutMatch } from "./match-layout.ts";
import { entriesOfModel, namedEntries, ownModule, type Trunk } from "./models-in-file.ts";

/** The same where a file holds several models: see `chooseModel`. */
export function chooseAmongModels(match: LayoutMatch, contents: EnvelopeContents, { prefix, source }: ModelRequest): ChosenModel {
  const entries = namedEntries(contents.tensors, contents.unreadable);
  const { kept, twins } = prefix === undefined ? distinctTrunks(match.trunks, entries) : { kept: [...match.trunks], twins: [] };
  const longformers = kept.filter(({ isLongformer }) => isLongformer);
  // Without a Longformer among them they are RoBERTas, of which one is to become one.
  const candidates = longformers.length > 0 ? longformers : kept;
  const trunk = prefix === undefined ? candidates[0] : match.trunk;
  if (trunk === undefined) return { match, contents, models: [], notes: [] };
  if (prefix === undefined && candidates.length > 1) {
    // Second names are listed, too: each is a prefix that can be chosen.
    const listed = match.trunks.filter(({ isLongformer }) => isLongformer === trunk.isLongformer);
    const models = describeModels(listed, undefined, entries);
    return { match, contents, models, problem: severalModels(models, source), notes: [] };
  }
  const others = without(match.trunks, trunk);
  const own = trunk === match.trunk ? match : matchTrunk(match, entries, trunk);
  if (others.length === 0) return { match: own, contents, models: describeModels([trunk], trunk, entries), notes: [] };
  const excluded = new Set(others.flatMap((other) => [...entriesOfModel(other, without(match.trunks, other), entries)]));
  const ofOthers = excluded.size;
  const ownEntries = entriesOfModel(trunk, others, entries);
  // What lies outside the chosen model's own module belongs to whatever keeps the others: an average's counter of steps.
  const beside =
    ownModule(trunk, others) === undefined ? [] : [...entries.keys()].filter((index) => !excluded.has(index) && !ownEntries.has(index));
  for (const index of beside) excluded.add(index);
  // A head that stands beside both is the chosen one's.
  for (const index of [...trunk.trunk.values(), ...trunk.head.values()]) excluded.delete(index);
  const keeps = (index: number): boolean => !excluded.has(index);
  const count = contents.tensors.length;
  const unreadable = contents.unreadable?.filter((_, index) => keeps(count + index));
  return {
    match: { ...own, readings: own.readings.filter((_, index) => keeps(index)) },
    contents: { ...contents, tensors: contents.tensors.filter((_, index) => keeps(index)), unreadable },
    models: describeModels([trunk, ...others], trunk, entries),
    notes: [leftOut({ others, twins, read: trunk, count: ofOthers, beside: beside.map((index) => entries[index]?.sourceName ?? "") })],
  };
}

function without(trunks: readonly Trunk[], trunk: Trunk): Trunk[] {
  return trunks.filter((other) => other !== trunk);
}

interface LeftOut {
  readonly others: readonly Trunk[];
  readonly twins: readonly Trunk[];
  readonly read: Trunk;
  /** Tensors of the other models. */
  readonly count: number;
  /** Names of what belongs to no model. */
  readonly beside: readonly string[];
}

function leftOut({ others, twins, read, count, beside }: LeftOut): string {
  const prefixes = others.map(({ prefix }) => `"${prefix}"`).join(", ");
  const more = beside.length === 0 ? "" : `, and ${beside.length} beside them (${few(beside)})`;
  return twins.length === others.length
    ? `The model also stands under ${prefixes}, in the same storages; it is read under "${read.prefix}".`
    : `${count} tensors of other models, under ${prefixes}${more}, are left out.`;
}

function severalModels(models: readonly ModelInFile[], source: string): LongspanError {
  const listed = models.map(
    (model, index) => `"${model.prefix}" (${model.tensors} tensors${index === 0 ? "" : `; ${describeModelDifferences(model)}`})`,
  );
  const count = models.length === 2 ? "two" : String(models.length);
  return new LongspanError(
    "ambiguous-format",
    `${source}: ${count} models lie in the file, under ${listed.join(", ")}. Say which with --prefix (option prefix): for the first, --prefix "${models[0]?.prefix ?? ""}".`,
    { details: { prefixes: models.map(({ prefix }) => prefix) } },
  );
}
