import type { Derivation } from "../adapter/derivation.ts";
import type { EnvelopeContents } from "../adapter/envelope.ts";
import { hasName, partsByName, withEnding, withMadeParameters, type MadeParameter, type Part } from "./made-parameter.ts";

/**
 * Parameters under spectral norm (`weight_orig`, `weight_u`, `weight_v`) or any other parametrization (`parametrizations.weight.…`) whose
 * values the file does not hold and whose formula is code: named, with the way out. Runs after those that are computed.
 */
export function parametrizationsDerivation(): Derivation {
  return { name: "parametrizations", derive: (contents) => derive(contents) };
}

function derive(contents: EnvelopeContents): EnvelopeContents | undefined {
  if (!hasName(contents, /_orig$|(?:^|\.)parametrizations\./)) return undefined;
  const parts = partsByName(contents);
  return withMadeParameters(contents, [...spectralNorms(parts), ...registered(parts)], () => "");
}

/** `torch.nn.utils.spectral_norm` and `paddle.nn.utils.spectral_norm`. */
function spectralNorms(parts: ReadonlyMap<string, Part>): MadeParameter[] {
  return [...parts].flatMap(([name, original]) => {
    if (!name.endsWith("_orig")) return [];
    const names = withEnding(original, "_orig", "");
    const vectors = ["_u", "_v"].flatMap((ending) => parts.get(names.name + ending) ?? []);
    if (vectors.length === 0 || parts.has(names.name)) return [];
    const reason = spectralReason(`remove_spectral_norm(module)`);
    return [{ ...names, parts: [original, ...vectors], made: { reason } }];
  });
}

function spectralReason(call: string): string {
  return `it is kept under spectral norm, and the model computes with its quotient by an estimate of its largest singular value: call ${call} before saving.`;
}

const registeredName = /^(.*?)(?<=^|\.)parametrizations\.([^.]+)\.(.+)$/s;

/** `torch.nn.utils.parametrize.register_parametrization`: `original` (or `original0`, …) and what the parametrizations keep, by their places. */
function registered(parts: ReadonlyMap<string, Part>): MadeParameter[] {
  const groups = new Map<string, { names: { name: string; sourceName: string }; parameter: string; parts: Part[]; kept: string[] }>();
  for (const [name, part] of parts) {
    const [, module, parameter, rest] = registeredName.exec(name) ?? [];
    if (module === undefined || parameter === undefined || rest === undefined) continue;
    const names = withEnding(part, `parametrizations.${parameter}.${rest}`, parameter);
    const group = groups.get(names.name) ?? { names, parameter, parts: [], kept: [] };
    groups.set(names.name, group);
    group.parts.push(part);
    group.kept.push(rest);
  }
  return [...groups.values()].map(({ names, parameter, parts: own, kept }) => ({
    ...names,
    parts: own,
    made: { reason: reasonOf(parameter, kept) },
  }));
}

function reasonOf(parameter: string, kept: readonly string[]): string {
  const call = `torch.nn.utils.parametrize.remove_parametrizations(module, "${parameter}")`;
  if (kept.some((name) => /^\d+\._[uv]$/.test(name))) return spectralReason(call);
  const which = kept.some((name) => /^\d+\.base$/.test(name))
    ? "the orthogonal parametrization"
    : "a parametrization (orthogonal, or one of the training code's own)";
  return `it is kept under ${which} as ${kept.slice(0, 4).join(", ")}, and what the model makes of them is code, which is not in the file: call ${call} before saving.`;
}
