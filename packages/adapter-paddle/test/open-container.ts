import { type ByteSource, type FileSet, type LazyTensor, LongspanError, memoryFileSet } from "@longspan/core";
import { bytesSource, type OpenedContainer, type TreeValue } from "@longspan/core/adapter";
import { paddle } from "../src/paddle.ts";

/** Opens a file with the container of this adapter that claims it most. */
export async function openFile(files: FileSet, fileName: string): Promise<OpenedContainer & { readonly containerName: string }> {
  const source = await files.resolve(fileName);
  if (source === undefined) throw new Error(`${fileName} is not in ${files.name}`);
  return openSource(source, fileName, files);
}

export async function openBytes(
  bytes: Uint8Array,
  fileName = "file.pdparams",
): Promise<OpenedContainer & { readonly containerName: string }> {
  return openSource(bytesSource(bytes, fileName), fileName, memoryFileSet("memory", { [fileName]: bytes }));
}

async function openSource(
  source: ByteSource,
  fileName: string,
  files: FileSet,
): Promise<OpenedContainer & { readonly containerName: string }> {
  const head = await source.read(0, Math.min(4096, source.size));
  const claims = await Promise.all(
    paddle().containers.map(async (container) => ({ container, claim: await container.detect({ source, head }) })),
  );
  const [best] = claims
    .filter(({ claim }) => claim !== undefined)
    .toSorted((one, other) => (other.claim?.specificity ?? 0) - (one.claim?.specificity ?? 0));
  if (best === undefined) throw new LongspanError("not-a-checkpoint", `${fileName} is claimed by no container`);
  return { ...(await best.container.open({ source, fileName, files })), containerName: best.container.name };
}

/** All tensors of a tree by their path (empty for the root), and the reasons of the arrays that cannot be tensors. */
export function tensorsOf(root: TreeValue): { readonly tensors: Map<string, LazyTensor>; readonly refused: Map<string, string> } {
  const tensors = new Map<string, LazyTensor>();
  const refused = new Map<string, string>();
  const seen = new Set<TreeValue>();
  const walk = (value: TreeValue, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (value.kind === "tensor") tensors.set(path, value);
    else if (value.kind === "opaque") {
      if (value.reason !== undefined) refused.set(path, value.reason);
    } else if (!seen.has(value)) {
      seen.add(value);
      const children: (readonly [string, TreeValue])[] =
        value.kind === "map"
          ? value.entries.map(([key, item]) => [typeof key === "object" ? "?" : String(key), item])
          : value.items.map((item, index) => [String(index), item]);
      for (const [key, item] of children) walk(item, path === "" ? key : `${path}.${key}`);
    }
  };
  walk(root, "");
  return { tensors, refused };
}

/** All bytes of a tensor, in C order, little endian. */
export async function bytesOf(tensor: LazyTensor): Promise<Uint8Array> {
  return (await tensor.readBytes(0, tensor.byteLength)).slice();
}
