import { LongspanError } from "@longspan/core";
import type { OrtModule } from "./ort-module.ts";

/** How each of onnxruntime's packages is imported; only those that are used are. */
export type OrtImports = Readonly<Record<string, () => Promise<OrtModule>>>;

/**
 * What a package that cannot be imported comes to. Bundlers only warn of one that is not there, and leave it to be looked for when the program runs, where its import is caught on the
 * spot.
 */
export function missing(cause: unknown): never {
  throw cause;
}

/**
 * Imports one of onnxruntime's packages; undefined where it is not installed.
 * @throws LongspanError `module-missing` where it is, but cannot be loaded.
 */
export async function importModule(name: string, imports: OrtImports): Promise<OrtModule | undefined> {
  try {
    return await imports[name]?.();
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown };
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return undefined;
    throw new LongspanError(
      "module-missing",
      `The package "${name}" is installed, but cannot be loaded (${cause instanceof Error ? cause.message : String(cause)}). Install it again, or hand another one in: ort({ module }).`,
      { details: { module: name }, cause },
    );
  }
}

/** @throws LongspanError `module-missing`: there was none of `names`. */
export function missingModule(names: readonly string[], purpose: string): LongspanError {
  const install = names.map((name) => `npm install ${name.split("/")[0]}`);
  return new LongspanError("module-missing", `${purpose} needs the package ${names.join(" or ")}: ${install.join(", or ")}`, {
    details: { modules: names },
  });
}
