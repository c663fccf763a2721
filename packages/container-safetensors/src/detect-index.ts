import type { Claim, ContainerProbe } from "@longspan/core/adapter";
import { defaultSafetensorsIndexLimits } from "@longspan/safetensors";

/** An object that has members: no binary file begins like this, not even a safetensors file whose header has 123 (`{`) bytes. */
const objectStart = /^\s*\{\s*(?:"|$)/;

/**
 * The first tensor's file, as it is spelled in the JSON. Values that are no text, which no index may have, are passed over, so that opening it says so.
 * Neither whole nor valid JSON is asked for: what is damaged is refused by opening it, under its own name.
 */
const firstFile = /"weight_map"\s*:\s*\{(?:\s*"(?:[^"\\]|\\.)*"\s*:\s*[^"\s,{}]+\s*,)*\s*"(?:[^"\\]|\\.)*"\s*:\s*"((?:[^"\\]|\\.)*)"/;

/** Whether it is an index of files whose names end so. The first file tells: the map may begin late, after any metadata. */
export async function detectIndex({ head, source }: ContainerProbe, extensions: readonly string[]): Promise<Claim | undefined> {
  if (!objectStart.test(new TextDecoder().decode(head.subarray(0, 64)))) return undefined;
  if (source.size > defaultSafetensorsIndexLimits.indexBytes) return undefined;
  const fileName = firstFileOf(new TextDecoder().decode(await source.read(0, source.size)));
  const extension = extensions.find((ending) => fileName?.endsWith(ending) === true);
  return extension === undefined ? undefined : { specificity: 80, evidence: `a JSON index with a weight_map of ${extension} files` };
}

function firstFileOf(text: string): string | undefined {
  try {
    return firstFile.exec(text)?.[1];
  } catch {
    // A name of many megabytes is more than a regular expression's stack holds; a model has none.
    return undefined;
  }
}
