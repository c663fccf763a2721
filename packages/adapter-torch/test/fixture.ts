import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataType, FileSet } from "@longspan/core";
import { bytesSource, type Container, type OpenedContainer } from "@longspan/core/adapter";

/** The folder of the files that the real frameworks wrote. */
export const fixturesFolder: string = fileURLToPath(new URL("../../../fixtures", import.meta.url));

/** What a correct reader finds: see fixtures/expected_values.py. */
export interface ExpectedTensor {
  readonly name: string;
  readonly canonicalName: string | null;
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly values: string;
  readonly offset: number;
  readonly byteLength: number;
  readonly sameStorageAs?: string;
  /** Why a reader has to refuse it; then nothing but the name stands here. */
  readonly refused?: string;
}

export interface ExpectedFile {
  readonly head: string | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly stateDictPath?: readonly string[];
  readonly wholeModule?: boolean;
  readonly refused?: string;
  readonly tensors: readonly ExpectedTensor[];
}

export function expectedOf(fixture: string): ExpectedFile {
  return JSON.parse(readFileSync(join(fixturesFolder, `${fixture}.expected.json`), "utf8")) as ExpectedFile;
}

const valueFiles = new Map<string, Uint8Array>();

/** The bytes a tensor shall have: C order, little endian. */
export function expectedBytes({ values, offset, byteLength }: ExpectedTensor): Uint8Array {
  let bytes = valueFiles.get(values);
  if (bytes === undefined) {
    bytes = readFileSync(join(fixturesFolder, values));
    valueFiles.set(values, bytes);
  }
  return new Uint8Array(bytes.subarray(offset, offset + byteLength));
}

/** The folder of a fixture as a set of files. */
export function fixtureFiles(fixture: string): FileSet {
  const folder = join(fixturesFolder, dirname(fixture));
  return {
    name: dirname(fixture),
    async resolve(fileName) {
      const path = join(folder, fileName);
      return existsSync(path) ? bytesSource(new Uint8Array(readFileSync(path)), `${dirname(fixture)}/${fileName}`) : undefined;
    },
  };
}

/** Opens a fixture with the container that claims it most specifically. */
export async function openFixture(
  fixture: string,
  containers: readonly Container[],
): Promise<{ container: string; opened: OpenedContainer }> {
  const files = fixtureFiles(fixture);
  const fileName = basename(fixture);
  const source = await files.resolve(fileName);
  if (source === undefined) throw new Error(`${fixture} is missing`);
  const head = await source.read(0, Math.min(4096, source.size));
  const claims = await Promise.all(containers.map(async (container) => ({ container, claim: await container.detect({ source, head }) })));
  const [best, second] = claims.toSorted((one, other) => (other.claim?.specificity ?? 0) - (one.claim?.specificity ?? 0));
  if (best?.claim === undefined || best.claim.specificity === second?.claim?.specificity) throw new Error(`${fixture}: no single claim`);
  return { container: best.container.name, opened: await best.container.open({ source, fileName, files }) };
}
