import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";

/** The repository's folder. */
const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A file that another one imports. */
interface ImportedFile {
  /** The path of the imported file, from the root. */
  readonly path: string;
  /** The line of the import, from 1. */
  readonly line: number;
  /** Whether only a type is taken. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Files of this repository that it imports or hands on, for values or for types, through the packages' names too: the ones that define the names. */
  readonly imports: readonly ImportedFile[];
  /** Its comments that begin with two stars, and where each begins. */
  readonly docComments: readonly DocComment[];
}

interface DocComment {
  readonly text: string;
  readonly line: number;
  /** Whether it stands on or in an interface: what it says is then the word of a contract. */
  readonly inContract: boolean;
}

export function isTest(path: string): boolean {
  return /\.test\.ts$|^tests\/|^packages\/[^/]+\/test\//.test(path);
}

/** Every TypeScript file of the packages and tests, by path. */
export function readSourceFiles(): ReadonlyMap<string, SourceFile> {
  const parsed = new Map(["packages", "tests"].flatMap(listFiles).map((path) => [path, parse(path)]));
  const packages = readPackages();
  return new Map(
    [...parsed.values()].map((file) => [
      file.path,
      {
        path: file.path,
        text: file.text,
        docComments: file.docComments,
        imports: file.requests.flatMap(({ specifier, name, line, typeOnly }) =>
          resolve(specifier, file.path, packages).flatMap((target) =>
            definers(target, name, parsed, packages).map((path) => ({ path, line, typeOnly })),
          ),
        ),
      },
    ]),
  );
}

function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll("\\", "/"))
    .filter((path) => !/\/(?:node_modules|dist)\//.test(path))
    .toSorted();
}

/** One name that a file takes from a module; without a name it takes all. */
interface Request {
  readonly specifier: string;
  readonly name: string | undefined;
  readonly line: number;
  readonly typeOnly: boolean;
}

/** A name that a file hands on from another module; without one, all of that module's. */
interface Handed extends Request {
  readonly as: string | undefined;
}

interface ParsedFile {
  readonly path: string;
  readonly text: string;
  readonly requests: readonly Request[];
  readonly handed: readonly Handed[];
  readonly docComments: readonly DocComment[];
}

function parse(path: string): ParsedFile {
  const text = readFileSync(join(root, path), "utf8");
  const { module, program, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
  const handed = module.staticExports.flatMap(({ entries, start }) =>
    entries.flatMap(({ moduleRequest, importName, exportName, isType }): Handed[] =>
      moduleRequest === null
        ? []
        : [
            {
              specifier: moduleRequest.value,
              name: importName.name ?? undefined,
              as: exportName.name ?? undefined,
              typeOnly: isType,
              line: lineOf(start),
            },
          ],
    ),
  );
  const imported = module.staticImports.flatMap(({ moduleRequest, entries, start }): Request[] => {
    const request = { specifier: moduleRequest.value, line: lineOf(start), typeOnly: false };
    return entries.length === 0
      ? [{ ...request, name: undefined }]
      : entries.map(({ importName, isType }) => ({ ...request, name: importName.name ?? undefined, typeOnly: isType }));
  });
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest, start }): Request[] => {
    const written = /^["'](.*)["']$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[1];
    return written === undefined ? [] : [{ specifier: written, name: undefined, line: lineOf(start), typeOnly: false }];
  });
  const contracts = program.body.flatMap((statement) => {
    const declared = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    return declared?.type === "TSInterfaceDeclaration" ? [{ start: statement.start, end: statement.end }] : [];
  });
  const docComments = comments
    .filter(({ type, value }) => type === "Block" && value.startsWith("*"))
    .map(({ value, start, end }) => ({
      text: value,
      line: lineOf(start),
      inContract: contracts.some(
        (contract) => (start > contract.start && end < contract.end) || text.slice(end, contract.start).trim() === "",
      ),
    }));
  return { path, text, requests: [...imported, ...handed, ...dynamic], handed, docComments };
}

interface WorkspacePackage {
  readonly folder: string;
  /** Paths of sources by the entry's name, such as `@longspan/core/node`. */
  readonly exports: ReadonlyMap<string, string>;
  /** Paths of sources by the name inside the package, such as `#place`. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
}

function readPackages(): readonly WorkspacePackage[] {
  return readdirSync(join(root, "packages")).map((name) => {
    const folder = `packages/${name}`;
    const manifest: PackageManifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return {
      folder,
      exports: new Map(
        Object.entries(manifest.exports).flatMap(([entry, conditions]) =>
          sourcesOf(conditions).map((source) => [posix.join(manifest.name, entry), posix.join(folder, source)] as const),
        ),
      ),
      imports: new Map(
        Object.entries(manifest.imports ?? {}).map(([entry, conditions]) => [
          entry,
          sourcesOf(conditions).map((source) => posix.join(folder, source)),
        ]),
      ),
    };
  });
}

interface PackageManifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly imports?: Readonly<Record<string, unknown>>;
}

/** The files under the condition `@longspan/source`, one for each surrounding. */
function sourcesOf(conditions: unknown): readonly string[] {
  if (typeof conditions !== "object" || conditions === null || !("@longspan/source" in conditions)) return [];
  const source: unknown = conditions["@longspan/source"];
  if (typeof source === "string") return [source];
  return Object.values(source as Readonly<Record<string, string>>);
}

/** The files of this repository that a specifier means: one, or one for each surrounding; none for what comes from elsewhere. */
function resolve(specifier: string, from: string, packages: readonly WorkspacePackage[]): readonly string[] {
  if (specifier.startsWith(".")) return [posix.join(dirname(from), specifier)];
  if (specifier.startsWith("#")) return packages.find(({ folder }) => from.startsWith(`${folder}/`))?.imports.get(specifier) ?? [];
  const found = packages.map(({ exports }) => exports.get(specifier)).find((path) => path !== undefined);
  return found === undefined ? [] : [found];
}

/** Where a name that `path` exports is defined, through all that only hand it on. Without a name: `path` itself. */
function definers(
  path: string,
  name: string | undefined,
  files: ReadonlyMap<string, ParsedFile>,
  packages: readonly WorkspacePackage[],
): readonly string[] {
  const file = files.get(path);
  if (file === undefined) return [];
  const handed = name === undefined ? [] : file.handed.filter(({ as }) => as === name || as === undefined);
  const found = handed.flatMap((one) =>
    resolve(one.specifier, path, packages).flatMap((target) =>
      one.as === undefined && !exportsName(target, name, files, packages)
        ? []
        : definers(target, one.as === undefined ? name : one.name, files, packages),
    ),
  );
  return found.length === 0 ? [path] : found;
}

function exportsName(
  path: string,
  name: string | undefined,
  files: ReadonlyMap<string, ParsedFile>,
  packages: readonly WorkspacePackage[],
): boolean {
  const file = files.get(path);
  if (file === undefined || name === undefined) return false;
  if (new RegExp(`export (?:declare |abstract |async )*(?:function\\*?|const|class|interface|type|enum) ${name}\\b`).test(file.text))
    return true;
  return file.handed.some(
    ({ as, specifier }) =>
      as === name || (as === undefined && resolve(specifier, path, packages).some((target) => exportsName(target, name, files, packages))),
  );
}
