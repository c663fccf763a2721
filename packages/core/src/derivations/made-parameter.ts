import type { EnvelopeContents, EnvelopeTensor, UnreadableTensor } from "../adapter/envelope.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";

/** A part of a parameter, as it stands in the file: with values, or unreadable itself. */
export type Part = EnvelopeTensor | UnreadableTensor;

/** A parameter that stands in a file as several tensors. */
export interface MadeParameter {
  readonly name: string;
  readonly sourceName: string;
  readonly parts: readonly Part[];
  /** The parameter, or why it cannot be had. */
  readonly made: LazyTensor | { readonly reason: string };
}

/** Whether a name of this form is among the tensors, so that a file of a million others costs no more than this look. */
export function hasName({ tensors, unreadable = [] }: EnvelopeContents, form: RegExp): boolean {
  return tensors.some(({ name }) => form.test(name)) || unreadable.some(({ name }) => form.test(name));
}

/** Everything that has a name in the contents, by that name. */
export function partsByName(contents: EnvelopeContents): ReadonlyMap<string, Part> {
  return new Map<string, Part>([...(contents.unreadable ?? []), ...contents.tensors].map((part) => [part.name, part]));
}

export function isReadable(part: Part): part is EnvelopeTensor {
  return "tensor" in part;
}

/** Why a parameter cannot be had of which a part cannot be read; undefined when all can. */
export function unreadablePart(parts: readonly Part[]): { readonly reason: string } | undefined {
  const part = parts.find((one): one is UnreadableTensor => !isReadable(one));
  return part === undefined ? undefined : { reason: `its part "${part.sourceName}" cannot be read: ${part.reason}` };
}

/** A part's names with another ending: `qa_outputs.weight_g` and what stands before it in the file, as `qa_outputs.weight`. */
export function withEnding({ name, sourceName }: Part, ending: string, replacement: string): { name: string; sourceName: string } {
  const replaced = (text: string): string => text.slice(0, text.length - ending.length) + replacement;
  // Wrappers' segments can stand within an ending of several segments; a name for reports need not be exact then.
  return { name: replaced(name), sourceName: sourceName.endsWith(ending) ? replaced(sourceName) : replaced(name) };
}

/**
 * The contents with each parameter in the place of its first part, or among the unreadable ones; undefined when there is none.
 * @param note The sentence that tells of those that were computed.
 */
export function withMadeParameters(
  contents: EnvelopeContents,
  parameters: readonly MadeParameter[],
  note: (names: string) => string,
): EnvelopeContents | undefined {
  if (parameters.length === 0) return undefined;
  const ownerOf = new Map<Part, MadeParameter>();
  for (const parameter of parameters) for (const part of parameter.parts) ownerOf.set(part, parameter);
  const placed = new Set<MadeParameter>();
  const dropped = [...contents.dropped];
  const tensors = contents.tensors.flatMap((tensor) => {
    const owner = ownerOf.get(tensor);
    if (owner === undefined) return [tensor];
    if ("reason" in owner.made) {
      dropped.push({ name: tensor.sourceName, reason: `a part of "${owner.sourceName}", which cannot be read` });
      return [];
    }
    if (placed.has(owner)) return [];
    placed.add(owner);
    return [{ name: owner.name, sourceName: owner.sourceName, tensor: owner.made }];
  });
  const unreadable = [
    ...(contents.unreadable ?? []).filter((tensor) => !ownerOf.has(tensor)),
    ...parameters.flatMap(({ name, sourceName, made }) => ("reason" in made ? [{ name, sourceName, reason: made.reason }] : [])),
  ];
  const computed = parameters.filter(({ made }) => !("reason" in made)).map(({ sourceName }) => `"${sourceName}"`);
  const names = computed.length > 4 ? `${computed.slice(0, 3).join(", ")} and ${computed.length - 3} more` : computed.join(", ");
  return { ...contents, tensors, dropped, unreadable, warnings: [...contents.warnings, ...(computed.length === 0 ? [] : [note(names)])] };
}
