import { parseLongformerConfig } from "../longformer/parse-config.ts";
import { publishedConfigs } from "../longformer/published-configs.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { layersIn } from "./layers-in.ts";

/** The published model whose every shape the file has, and no layer more; undefined where it is none of them. */
export function publishedConfigOf(
  shapes: ReadonlyMap<string, readonly number[]>,
): { readonly name: string; readonly config: Readonly<Record<string, unknown>> } | undefined {
  for (const [name, published] of Object.entries(publishedConfigs)) {
    const { config } = parseLongformerConfig(published);
    const required = createLongformerSpec(config, "model").parameters.filter(({ need }) => need === "required");
    if (layersIn(shapes) === config.layers && required.every(({ name: parameter, shape }) => sameShape(shapes.get(parameter), shape))) {
      return { name, config: published };
    }
  }
  return undefined;
}

function sameShape(one: readonly number[] | undefined, other: readonly number[]): boolean {
  return one !== undefined && one.length === other.length && one.every((dimension, axis) => dimension === other[axis]);
}
