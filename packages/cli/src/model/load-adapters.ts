import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { torch } from "@longspan/adapter-torch";
import { type FormatAdapter, LongspanError } from "@longspan/core";
import { onnxReader } from "./onnx-reader.ts";

/**
 * The built-in adapters, and those of the user's modules: each module's default export is an adapter or a function that makes one.
 * @throws LongspanError `adapter-invalid` naming the module.
 */
export async function loadAdapters(modules: readonly string[], verifyChecksums?: boolean): Promise<FormatAdapter[]> {
  const own = await Promise.all(modules.map(async (module) => loadAdapter(module)));
  return [...own, torch({ verifyChecksums }), paddle(), lightning(), tensorflow(), onnxReader()];
}

async function loadAdapter(module: string): Promise<FormatAdapter> {
  // A path is the user's file; anything else is a package they installed.
  const specifier = /^[./]/.test(module) ? pathToFileURL(resolve(module)).href : module;
  let loaded: unknown;
  try {
    loaded = await import(specifier);
  } catch (error) {
    throw new LongspanError(
      "adapter-invalid",
      `--adapter ${module} cannot be loaded: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  }
  const exported: unknown = typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
  const adapter: unknown = typeof exported === "function" ? exported() : exported;
  if (!isAdapter(adapter)) {
    throw new LongspanError(
      "adapter-invalid",
      `--adapter ${module}: its default export is no format adapter (an object with specificationVersion, name, containers, envelopes, layouts and targets, or a function that makes one).`,
    );
  }
  return adapter;
}

function isAdapter(value: unknown): value is FormatAdapter {
  if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") return false;
  return ["containers", "envelopes", "layouts", "targets"].every((key) => Array.isArray(Reflect.get(value, key)));
}
