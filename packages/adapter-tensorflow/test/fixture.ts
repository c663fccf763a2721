import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ByteSource, type FileSet, type LazyTensor, memoryFileSet } from "@longspan/core";
import { bytesSource, isTensor, isTreeMap, type OpenedContainer, type TreeValue } from "@longspan/core/adapter";
import { directoryFileSet } from "@longspan/core/node";
import { hdf5Container } from "../src/container/hdf5-container.ts";

/** A folder of fixtures/. */
export function fixtureFiles(folder: string): FileSet {
  return directoryFileSet(fixturePath(folder));
}

function fixturePath(path: string): string {
  return fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
}

export function fixtureBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(fixturePath(path)));
}

export function fixtureJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(fixturePath(path), "utf8")) as Content;
}

/** Opens bytes as an HDF5 file. */
export async function openHdf5Bytes(bytes: Uint8Array, fileName = "file.h5"): Promise<OpenedContainer> {
  return hdf5Container().open({ source: bytesSource(bytes, fileName), fileName, files: memoryFileSet("memory", {}) });
}

/** All leaves of a tree by their paths. */
export function leavesOf(root: TreeValue): Map<string, TreeValue> {
  const leaves = new Map<string, TreeValue>();
  const collect = (value: TreeValue, path: string): void => {
    if (!isTreeMap(value)) leaves.set(path, value);
    else for (const [key, member] of value.entries) if (typeof key === "string") collect(member, path === "" ? key : `${path}/${key}`);
  };
  collect(root, "");
  return leaves;
}

export function tensorAt(root: TreeValue, path: string): LazyTensor {
  const value = leavesOf(root).get(path);
  if (!isTensor(value)) throw new Error(`${path} is no tensor`);
  return value;
}

/** A tensor's bytes, C order, little endian, in memory of its own. */
export async function bytesOf(tensor: LazyTensor): Promise<Uint8Array> {
  return (await tensor.readBytes(0, tensor.byteLength)).slice();
}

/** What a source is asked for. */
export function countingSource(source: ByteSource): { source: ByteSource; bytesRead: () => number } {
  let bytes = 0;
  return {
    source: {
      ...source,
      read(offset, length, options) {
        bytes += length;
        return source.read(offset, length, options);
      },
    },
    bytesRead: () => bytes,
  };
}
