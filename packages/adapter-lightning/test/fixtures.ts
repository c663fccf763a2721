import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ByteSource, type FileSet, memoryFileSet } from "@longspan/core";
import { bytesSource } from "@longspan/core/adapter";

const root = fileURLToPath(new URL("../../../fixtures/", import.meta.url));

/** One tensor of a `FILE.expected.json`. */
export interface ExpectedTensor {
  readonly name: string;
  readonly canonicalName: string | null;
  readonly dataType: string;
  readonly shape: readonly number[];
  /** The values file, and where in it. */
  readonly values: string;
  readonly offset: number;
  readonly byteLength: number;
}

export interface Expected {
  readonly head: string | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tensors: readonly ExpectedTensor[];
  readonly topLevelKeys?: readonly string[];
}

export function fixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(root + path));
}

export function fixtureSource(path: string): ByteSource {
  return bytesSource(fixtureBytes(path), path);
}

export function expectedOf(path: string): Expected {
  return JSON.parse(readFileSync(`${root}${path}.expected.json`, "utf8")) as Expected;
}

/** Checkpoints below a fixture folder that have an expectation, as paths from the fixtures' root. */
export function fixturePaths(folder: string, ending: string): readonly string[] {
  return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(`${ending}.expected.json`))
    .map((path) => path.slice(0, -".expected.json".length))
    .toSorted();
}

/** What the tensor's bytes must be: C order, little endian. */
export function expectedBytes({ values, offset, byteLength }: ExpectedTensor): Uint8Array {
  return fixtureBytes(values).subarray(offset, offset + byteLength);
}

/** A folder with these files in it: name there → path of the fixture. */
export function fixtureFolder(files: Readonly<Record<string, string>>): FileSet {
  return memoryFileSet("folder", new Map(Object.entries(files).map(([name, path]) => [name, fixtureBytes(path)])));
}
