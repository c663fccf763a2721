import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as h5wasm from "h5wasm/node";

/** The HDF Group's own library, as WebAssembly: the judge of what we write. */
export interface JudgedFile {
  /** A text attribute of a group ("" is the root), one or many; none where there is no such attribute. */
  texts(group: string, name: string): readonly string[];
  /** A dataset's values. */
  bytes(path: string): Uint8Array;
  members(group: string): readonly string[];
  close(): void;
}

export async function openWithH5wasm(bytes: Uint8Array | undefined): Promise<JudgedFile> {
  if (bytes === undefined) throw new Error("there is no such file");
  await h5wasm.ready;
  const folder = mkdtempSync(join(tmpdir(), "longspan-h5wasm-"));
  const path = join(folder, "file.h5");
  writeFileSync(path, bytes);
  const file = new h5wasm.File(path, "r");
  const group = (name: string): h5wasm.Group => {
    const found = name === "" ? file : file.get(name);
    if (!(found instanceof h5wasm.Group)) throw new Error(`${name} is no group`);
    return found;
  };
  return {
    texts(name, attribute) {
      const value = group(name).attrs[attribute]?.value;
      if (value === undefined || value === null) return [];
      return (Array.isArray(value) ? value : [value]).map(String);
    },
    bytes(name) {
      const dataset = file.get(name);
      if (!(dataset instanceof h5wasm.Dataset)) throw new Error(`${name} is no dataset`);
      const { value } = dataset;
      if (!ArrayBuffer.isView(value)) throw new Error(`${name} has no numbers`);
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    },
    members: (name) => group(name).keys(),
    close() {
      file.close();
      rmSync(folder, { recursive: true });
    },
  };
}
