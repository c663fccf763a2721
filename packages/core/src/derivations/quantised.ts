import type { Derivation } from "../adapter/derivation.ts";
import type { EnvelopeContents } from "../adapter/envelope.ts";
import { hasName, isReadable, partsByName, withMadeParameters, type MadeParameter, type Part } from "./made-parameter.ts";

/** How a quantised layer stands in a file, by what its names end with behind the layer's. */
interface Scheme {
  readonly name: string;
  /** One of these tells. */
  readonly marker: RegExp;
  /** All that belongs to it. */
  readonly parts: RegExp;
  readonly parameters: readonly string[];
}

/**
 * The schemes of bitsandbytes, GPTQ and AWQ, compressed-tensors and other scaled 8-bit floats, torch.ao and PaddleNLP's weight-only
 * quantisation, by the names their layers give to buffers.
 */
const schemes: readonly Scheme[] = [
  { name: "bitsandbytes in 8 bits", marker: /^SCB$/, parts: /^(?:weight|SCB|weight_format)$/, parameters: ["weight"] },
  {
    name: "bitsandbytes in 4 bits",
    marker: /^weight\.(?:absmax|quant_map|quant_state\..+)$/,
    parts: /^weight(?:\..+)?$/,
    parameters: ["weight"],
  },
  { name: "GPTQ or AWQ", marker: /^qweight$/, parts: /^(?:qweight|qzeros|scales|g_idx)$/, parameters: ["weight"] },
  {
    name: "scaled weights of few bits",
    marker: /^weight_(?:packed|scale|scale_inv)$/,
    parts: /^(?:weight|weight_packed|weight_scale|weight_scale_inv|weight_zero_point|weight_shape|weight_g_idx|input_scale)$/,
    parameters: ["weight"],
  },
  {
    name: "torch.ao",
    marker: /^_packed_params\._packed_(?:params|weight)$/,
    parts: /^(?:_packed_params(?:\..+)?|scale|zero_point)$/,
    parameters: ["weight", "bias"],
  },
  {
    name: "PaddleNLP's weight-only quantisation",
    marker: /^quant_weight$/,
    parts: /^(?:quant_weight|quant_scale)$/,
    parameters: ["weight"],
  },
];

/** Quantised layers: their weights are named as such, with the way out, instead of being called missing (or read without their scales). */
export function quantisedDerivation(): Derivation {
  return { name: "quantised", derive: (contents) => derive(contents) };
}

/** What every marker ends with. */
const anyMarker = /(?:SCB|absmax|quant_map|qweight|weight_packed|_packed_params|_packed_weight|quant_weight)$|quant_state\.|scale/i;

/** Floats of 8 bits are rarely meant as they are where something that is called a scale stands in their layer, whoever wrote it. */
const scaledFloats: Scheme = {
  name: "floats of 8 bits with a scale",
  marker: /scale/i,
  parts: /^weight$|scale/i,
  parameters: ["weight"],
};

function derive(contents: EnvelopeContents): EnvelopeContents | undefined {
  if (!hasName(contents, anyMarker)) return undefined;
  const parts = partsByName(contents);
  const layers = new Map<string, Scheme>();
  for (const name of parts.keys()) {
    for (const [layer, rest] of splits(name)) {
      const scheme =
        schemes.find(({ marker }) => marker.test(rest)) ?? (isScaledFloat(rest, parts.get(`${layer}weight`)) ? scaledFloats : undefined);
      // What a library's own names say goes before.
      if (scheme !== undefined && !(scheme === scaledFloats && layers.has(layer))) layers.set(layer, scheme);
    }
  }
  if (layers.size === 0) return undefined;
  const owned = new Map<string, Part[]>();
  for (const [name, part] of parts) {
    for (const [layer, rest] of splits(name)) {
      if (layers.get(layer)?.parts.test(rest) !== true) continue;
      const of = owned.get(layer);
      if (of === undefined) owned.set(layer, [part]);
      else of.push(part);
    }
  }
  const parameters = [...layers].flatMap(([layer, scheme]) =>
    scheme.parameters
      .filter((parameter, index) => index === 0 || !parts.has(layer + parameter))
      .map((parameter, index): MadeParameter => ({
        name: layer + parameter,
        sourceName: sourcePrefix(owned.get(layer) ?? [], layer) + layer + parameter,
        parts: index === 0 ? (owned.get(layer) ?? []) : [],
        made: { reason: `it is quantised (${scheme.name}): save the model before quantising it, or dequantised.` },
      })),
  );
  return withMadeParameters(contents, parameters, () => "");
}

function isScaledFloat(rest: string, weight: Part | undefined): boolean {
  return scaledFloats.marker.test(rest) && weight !== undefined && isReadable(weight) && weight.tensor.dataType.startsWith("float8");
}

/** A name as a layer's and what follows, cut before each of its last three segments. */
function splits(name: string): [layer: string, rest: string][] {
  const found: [string, string][] = [];
  let end = name.length;
  for (let count = 0; count < 3 && end > 0; count++) {
    const cut = name.lastIndexOf(".", end - 1);
    found.push([name.slice(0, cut + 1), name.slice(cut + 1)]);
    end = cut;
  }
  return found;
}

/** What stands before a layer's name in the file: `state_dict.`. */
function sourcePrefix(parts: readonly Part[], layer: string): string {
  const [first] = parts;
  const at = first?.sourceName.indexOf(layer) ?? -1;
  return first === undefined || at < 0 ? "" : first.sourceName.slice(0, at);
}
