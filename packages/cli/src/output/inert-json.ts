import type { TreeValue } from "@longspan/core";

/** Hyper-parameters are small; a checkpoint that says more of itself is cut, not printed for minutes. */
const limits = { depth: 12, values: 20_000 };

/** A checkpoint's inert data as JSON: unknown classes under `$class`, tensors and cycles by a short description. */
export function inertJson(value: TreeValue): unknown {
  return new InertJson().convert(value, 0);
}

class InertJson {
  readonly #open = new Set<object>();
  #left: number = limits.values;

  convert(value: TreeValue | undefined, depth: number): unknown {
    this.#left--;
    if (value === undefined || value === null || typeof value !== "object") return value;
    if (value.kind === "tensor") return `<tensor ${value.dataType} [${value.shape.join(", ")}]>`;
    if (depth >= limits.depth || this.#left <= 0) return "<more>";
    if (this.#open.has(value)) return "<cycle>";
    this.#open.add(value);
    try {
      if (value.kind === "map") return this.#object(value.entries, depth);
      if (value.kind !== "opaque") return value.items.map((item) => this.convert(item, depth + 1));
      const { state } = value;
      if (state === undefined) return { $class: value.className };
      if (typeof state === "object" && state !== null && state.kind === "map")
        return { $class: value.className, ...this.#object(state.entries, depth) };
      return { $class: value.className, state: this.convert(state, depth + 1) };
    } finally {
      this.#open.delete(value);
    }
  }

  #object(entries: readonly (readonly [TreeValue, TreeValue])[], depth: number): Record<string, unknown> {
    const pairs = entries.map(([key, item]) => [keyText(key), this.convert(item, depth + 1)] as const);
    return Object.fromEntries(pairs);
  }
}

function keyText(key: TreeValue): string {
  if (typeof key === "object" && key !== null) return key.kind === "opaque" ? key.className : `<${key.kind}>`;
  return String(key);
}
