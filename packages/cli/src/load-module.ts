import * as nodeModules from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ErrorCode, LongspanError } from "@longspan/core";

/** What a user's own module is given for, and what its default export has to be. */
export interface ModuleUse<Part> {
  readonly option: string;
  readonly code: ErrorCode;
  readonly expected: string;
  is(value: unknown): value is Part;
}

/** Whether a word is a path of a user's file; anything else is a name, such as that of a package they installed. */
export function isModulePath(text: string): boolean {
  return /^(?:\.{0,2}[\\/]|[a-z]:[\\/])/i.test(text) || /\.[mc]?[jt]s$/.test(text);
}

/**
 * The default export of a user's module, a file or a package: it, or what it makes when it is a function. It runs as code.
 * @throws LongspanError the use's code, naming option and module.
 */
export async function loadModule<Part>(module: string, use: ModuleUse<Part>): Promise<Part> {
  let exported: unknown;
  try {
    const loaded: unknown = await (isModulePath(module) ? import(pathToFileURL(resolve(module)).href) : importPackage(module));
    const found: unknown = typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
    exported = typeof found === "function" ? await found() : await found;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LongspanError(use.code, `${use.option} ${module} cannot be loaded: ${why}.`, { cause: error, details: { module } });
  }
  if (use.is(exported)) return exported;
  throw new LongspanError(use.code, `${use.option} ${module}: its default export is no ${use.expected}, or a function that makes one.`, {
    details: { module },
  });
}

/**
 * Imports a package as a file of the working folder would, since that is where its user installed it; where it is not there, and on Node before 22.15, as
 * this file would. What is wrong with one that is there is told as it is.
 */
async function importPackage(name: string): Promise<unknown> {
  const ownURL = import.meta.url;
  const folderURL = pathToFileURL(resolve("package.json")).href;
  const hooks = nodeModules.registerHooks?.({
    resolve(specifier, context, next) {
      if (specifier !== name || context.parentURL !== ownURL) return next(specifier, context);
      try {
        return next(specifier, { ...context, parentURL: folderURL });
      } catch (error) {
        if (!isNotInstalled(error, name)) throw error;
        try {
          // Named again: Node keeps the parent that it was given last.
          return next(specifier, { ...context, parentURL: ownURL });
        } catch (ownError) {
          throw isNotInstalled(ownError, name) ? error : ownError;
        }
      }
    },
  });
  try {
    return await import(name);
  } finally {
    hooks?.deregister();
  }
}

/** Whether the package itself is not there. The same code also tells of files that an installed one names and lacks, but by their paths. */
function isNotInstalled(error: unknown, name: string): boolean {
  const [scopeOrPackage = name, inScope = ""] = name.split("/", 2);
  const packageName = name.startsWith("@") ? `${scopeOrPackage}/${inScope}` : scopeOrPackage;
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "ERR_MODULE_NOT_FOUND" &&
    error.message.startsWith(`Cannot find package '${packageName}' `)
  );
}
