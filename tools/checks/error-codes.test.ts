import { errorCodes } from "@longspan/core";
import { describe, expect, test } from "vitest";
import { isTest, readSourceFiles, type SourceFile } from "./source-file.ts";

const files = readSourceFiles();

interface ErrorTable {
  readonly className: string;
  /** The file that lists the codes. */
  readonly path: string;
  readonly codes: readonly string[];
}

/** The codes of a union of types, as it is written. */
function codesIn(path: string): readonly string[] {
  const union = /export type \w+ErrorCode =([^;]*);/.exec(files.get(path)?.text ?? "")?.[1] ?? "";
  return [...union.matchAll(/"([a-z-]+)"/g)].flatMap(([, code]) => code ?? []);
}

const tables: readonly ErrorTable[] = [
  { className: "LongspanError", path: "packages/core/src/errors/error-codes.ts", codes: Object.keys(errorCodes) },
  ...[
    { className: "PickleError", path: "packages/pickle/src/errors.ts" },
    { className: "SafetensorsError", path: "packages/safetensors/src/safetensors-error.ts" },
  ].map((table) => ({ ...table, codes: codesIn(table.path) })),
];

const names = (file: SourceFile, code: string): boolean => file.text.includes(`"${code}"`);

describe.each(tables)("the codes of $className", ({ path, codes }) => {
  const folder = /^packages\/[^/]+\//.exec(path)?.[0] ?? "";
  const concerned = [...files.values()].filter(
    (file) => file.path !== path && (folder === "packages/core/" || file.path.startsWith(folder)),
  );

  test("are there", () => expect(codes.length).toBeGreaterThan(5));

  test("each is thrown somewhere", () => {
    const sources = concerned.filter((file) => !isTest(file.path));
    expect(codes.filter((code) => !sources.some((file) => names(file, code)))).toEqual([]);
  });

  test("each is expected by a test", () => {
    const tests = concerned.filter((file) => isTest(file.path));
    expect(codes.filter((code) => !tests.some((file) => names(file, code)))).toEqual([]);
  });
});

/** The codes that a file's `@throws` name. A word in backticks is a code when a table has it, or when it has the form of one. */
function thrownCodes(file: SourceFile, contractsOnly: boolean): { code: string; line: number; inContract: boolean }[] {
  return file.docComments
    .filter(({ inContract }) => inContract || !contractsOnly)
    .flatMap(({ text, line, inContract }) =>
      [...text.matchAll(/@throws((?:(?!\n\s*\*\s*@)[\s\S])*)/g)].flatMap(([, says = ""]) =>
        [...says.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].flatMap(([, code = ""]) =>
          code.includes("-") || known.has(code) ? [{ code, line, inContract }] : [],
        ),
      ),
    );
}

const known = new Set(tables.flatMap(({ codes }) => codes));
const tablePaths = new Set(tables.map(({ path }) => path));

/** The files that may run when a file does: itself, and what it imports for values, however far. */
function reachedFrom(file: SourceFile): readonly SourceFile[] {
  const found = new Set([file]);
  for (const one of found) for (const next of importsOf(one, false)) found.add(next);
  return [...found];
}

function importsOf(file: SourceFile, typeOnly: boolean): readonly SourceFile[] {
  return file.imports.flatMap((one) => (one.typeOnly !== typeOnly || tablePaths.has(one.path) ? [] : (files.get(one.path) ?? [])));
}

describe("@throws", () => {
  const sources = [...files.values()].filter((file) => !isTest(file.path));

  test("names codes that there are", () => {
    const wrong = sources
      .flatMap((file) => thrownCodes(file, false).map((thrown) => ({ file, ...thrown })))
      .filter(({ code }) => !known.has(code));
    expect(wrong.map(({ file, line, code }) => `${file.path}:${line}: ${code}`)).toEqual([]);
  });

  test("names codes that are still thrown by what is imported there, or by who fulfils a contract", () => {
    const stale = sources.flatMap((file) => {
      const reached = reachedFrom(file);
      // What fulfils a contract is handed in: its code is not imported, but the contract is, and what that speaks of.
      const named = reached.flatMap((one) => importsOf(one, true));
      const contracts = new Set([...reached, ...named, ...named.flatMap((one) => importsOf(one, true))]);
      const promised = new Set([...contracts].flatMap((one) => thrownCodes(one, true).map(({ code }) => code)));
      return thrownCodes(file, false)
        .filter(({ code, inContract }) =>
          inContract
            ? !sources.some((one) => !tablePaths.has(one.path) && names(one, code))
            : !promised.has(code) && !reached.some((one) => names(one, code)),
        )
        .map(({ code, line }) => `${file.path}:${line}: ${code}`);
    });
    expect(stale).toEqual([]);
  });
});
