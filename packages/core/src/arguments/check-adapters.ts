import type { FormatAdapter } from "../adapter/format-adapter.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { checkSettled } from "./check-settled.ts";

/** @throws LongspanError `adapter-invalid` for what is no adapter, none at all, and adapters of another contract. */
export function checkAdapters(options: unknown, call: string): asserts options is { readonly adapters: readonly FormatAdapter[] } {
  const adapters: unknown = typeof options === "object" && options !== null && "adapters" in options ? options.adapters : undefined;
  if (adapters === undefined && Array.isArray(options)) throw invalid(`The adapters are given by name: write ${call}.`);
  if (adapters === undefined || (Array.isArray(adapters) && adapters.length === 0))
    throw invalid(`No adapters were given, so no format is known. Write for example ${call}.`);
  checkSettled(adapters, "The list of adapters", "await before it");
  if (!Array.isArray(adapters)) throw invalid(`The adapters are a list: write ${call}.`);
  for (const [index, adapter] of adapters.entries()) checkAdapter(adapter, index);
}

function checkAdapter(adapter: unknown, index: number): void {
  const place = `adapters[${index}]`;
  if (typeof adapter === "function") {
    const name = adapter.name === "" ? "adapter" : adapter.name;
    throw invalid(`${place} is the function ${name}, which makes an adapter. Call it: write ${name}().`);
  }
  checkSettled(adapter, place, "await before it");
  if (typeof adapter !== "object" || adapter === null || !("specificationVersion" in adapter))
    throw invalid(`${place} is no adapter but ${shownValue(adapter)}. Pass what an adapter's factory gives, such as torch().`);
  const name = "name" in adapter ? String(adapter.name) : place;
  const version: unknown = adapter.specificationVersion;
  if (version !== 1)
    throw invalid(
      `Adapter "${name}" follows specification version ${String(version)}; this core knows version 1. Update one of the two.`,
      name,
    );
  for (const [part, members] of Object.entries(parts)) {
    const list: unknown = Reflect.get(adapter, part);
    if (list === undefined && optionalParts.test(part)) continue;
    if (!Array.isArray(list))
      throw invalid(`Adapter "${name}" has no list of ${part}: make it with defineAdapter, which adds what is left out.`, name);
    for (const [item, thing] of list.entries())
      for (const [member, kind] of Object.entries(members))
        if (!is[kind](Object(thing)[member]))
          throw invalid(
            `Adapter "${name}": ${part}[${item}] (${shownValue(Object(thing).name ?? thing)}) has no ${member}, ${kind}.`,
            name,
          );
  }
}

const is = {
  "a text": (value: unknown): boolean => typeof value === "string",
  "a list": (value: unknown): boolean => Array.isArray(value),
  "a function": (value: unknown): boolean => typeof value === "function",
  "a layout with rules": (value: unknown): boolean => Array.isArray(Object(value).rules),
};

const optionalParts = /^(?:derivations|folderKinds)$/;

/** What each thing that an adapter brings has at least. */
const parts: Readonly<Record<string, Readonly<Record<string, keyof typeof is>>>> = {
  containers: { name: "a text", entryNames: "a list", detect: "a function", open: "a function" },
  envelopes: { name: "a text", detect: "a function", open: "a function" },
  derivations: { name: "a text", derive: "a function" },
  folderKinds: { name: "a text", find: "a function" },
  layouts: { name: "a text", rules: "a list" },
  targets: {
    name: "a text",
    layout: "a layout with rules",
    container: "a text",
    fileName: "a text",
    fileExtensions: "a list",
    supersedes: "a list",
    dataTypes: "a list",
    write: "a function",
  },
};

function invalid(message: string, adapter?: string): LongspanError {
  return new LongspanError("adapter-invalid", message, adapter === undefined ? {} : { details: { adapter } });
}
