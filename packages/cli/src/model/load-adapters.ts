import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { torch } from "@longspan/adapter-torch";
import type { FormatAdapter } from "@longspan/core";
import { loadModule, type ModuleUse } from "../load-module.ts";
import { onnxReader } from "./onnx-reader.ts";

/**
 * The built-in adapters, and those of the user's modules: each module's default export is an adapter or a function that makes one.
 * @throws LongspanError `adapter-invalid` naming the module.
 */
export async function loadAdapters(modules: readonly string[], verifyChecksums?: boolean): Promise<FormatAdapter[]> {
  const own = await Promise.all(modules.map(async (module) => loadModule(module, adapterUse)));
  return [...own, torch({ verifyChecksums }), paddle(), lightning(), tensorflow(), onnxReader()];
}

const adapterUse: ModuleUse<FormatAdapter> = {
  option: "--adapter",
  code: "adapter-invalid",
  expected: "format adapter (what defineAdapter gives: specificationVersion, name, containers, envelopes, layouts, targets)",
  is(value): value is FormatAdapter {
    if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") return false;
    return ["containers", "envelopes", "layouts", "targets"].every((key) => Array.isArray(Reflect.get(value, key)));
  },
};
