import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FileSet, type Head, memoryFileSet } from "@longspan/core";

/** Golden files, each with what a correct reader finds in it beside it. */
export const fixturesFolder: string = fileURLToPath(new URL("../../../fixtures", import.meta.url));

export interface ExpectedTensor {
  readonly name: string;
  readonly canonicalName: string | null;
  readonly dataType: string;
  readonly shape: readonly number[];
  readonly values: string;
  readonly offset: number;
  readonly byteLength: number;
  /** Why a reader has to refuse it; then there are no values. */
  readonly refused?: string;
}

export interface Expected {
  readonly head: Head | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly layout: string | null;
  /** The keys that lead to the state dict, where it is not the root. */
  readonly stateDictPath?: readonly string[];
  readonly notes: string;
  readonly tensors: readonly ExpectedTensor[];
}

/** The fixtures of a family (`paddle`), as paths below the fixtures' folder. */
export function fixtureNames(family: string): string[] {
  const ending = ".expected.json";
  const folder = join(fixturesFolder, family);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(family, name.slice(0, -ending.length)))
    .toSorted();
}

export function expectedOf(fixture: string): Expected {
  return JSON.parse(readFileSync(join(fixturesFolder, `${fixture}.expected.json`), "utf8")) as Expected;
}

export function expectedBytes({ values, offset, byteLength }: ExpectedTensor): Uint8Array {
  return readFileSync(join(fixturesFolder, values)).subarray(offset, offset + byteLength);
}

/** The files that lie in a fixture's folder, and the fixture's own plain name. */
export function fixtureFiles(fixture: string): { readonly files: FileSet; readonly fileName: string } {
  const folder = join(fixturesFolder, dirname(fixture));
  const entries = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
  const contents = Object.fromEntries(entries.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  return { files: memoryFileSet(folder, contents), fileName: basename(fixture) };
}

/** The values of the tiny model that the fixtures hold, by canonical name. */
export function canonicalValues(head: Head): ReadonlyMap<string, Uint8Array> {
  const values = readFileSync(join(fixturesFolder, "values/tiny-longformer.bin"));
  const index = JSON.parse(readFileSync(join(fixturesFolder, "values/tiny-longformer.json"), "utf8")) as readonly (Pick<
    ExpectedTensor,
    "name" | "offset" | "byteLength"
  > & {
    readonly head: Head;
  })[];
  return new Map(
    index
      .filter((entry) => entry.head === head || entry.head === "model")
      .map(({ name, offset, byteLength }) => [name, values.subarray(offset, offset + byteLength)]),
  );
}
