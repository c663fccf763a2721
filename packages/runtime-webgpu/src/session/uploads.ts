import type { GraphTensor } from "@longspan/core/graph";
import { required } from "../kernel/required.ts";
import type { GraphPlan, Upload } from "../plan/graph-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";

/** What the host writes before each run of a plan. */
export interface Uploads {
  /** Has the queue write it, from what the host knows of this run. */
  write(queue: GPUQueue, pool: BufferPool, known: ReadonlyMap<string, GraphTensor>): void;
}

/** An upload of up to so many bytes is copied beside its neighbours and written with them: a call of the queue costs more than the copy. */
const bytesCopied = 256 * 1024;

interface PlacedUpload extends Upload {
  readonly arena: number;
  readonly offset: number;
}

/** Uploads that lie side by side in one buffer, from this offset on, and are written with one call. */
interface Neighbours {
  readonly arena: number;
  readonly offset: number;
  /** Where they are put together; between them is nothing of anybody's. */
  readonly memory: ArrayBuffer;
  /** Each with its place there. */
  readonly uploads: readonly { readonly upload: Upload; readonly words: Float32Array | Int32Array }[];
}

/** Finds out once for all runs of a plan which of its uploads are written together. */
export function planUploads({ uploads, uploaded: { placements } }: GraphPlan): Uploads {
  const placed = uploads
    .map((upload): PlacedUpload => ({ ...upload, ...required(placements.get(upload.name), `memory of ${upload.name}`) }))
    .toSorted((left, right) => left.arena - right.arena || left.offset - right.offset);
  const single = placed.filter(({ byteLength }) => byteLength > bytesCopied);
  const groups = smallNeighbours(placed).map(putTogether);
  return {
    write(queue, pool, known) {
      for (const { arena, offset, memory, uploads: members } of groups) {
        for (const { upload, words } of members) words.set(upload.values(known));
        queue.writeBuffer(bufferOf(pool, arena), offset, memory);
      }
      for (const { arena, offset, dataType, values } of single) {
        const data = values(known);
        const words = dataType === "bool" ? Int32Array.from(data) : data;
        queue.writeBuffer(bufferOf(pool, arena), offset, words.buffer, words.byteOffset, words.byteLength);
      }
    },
  };
}

/** Runs of small uploads in one buffer that no larger one interrupts. */
function smallNeighbours(inOrder: readonly PlacedUpload[]): readonly (readonly PlacedUpload[])[] {
  const groups: PlacedUpload[][] = [];
  let group: PlacedUpload[] | undefined;
  for (const one of inOrder) {
    if (group?.[0]?.arena !== one.arena || one.byteLength > bytesCopied) group = undefined;
    if (one.byteLength > bytesCopied) continue;
    if (group === undefined) groups.push((group = []));
    group.push(one);
  }
  return groups;
}

function putTogether(members: readonly PlacedUpload[]): Neighbours {
  const { arena = 0, offset: start = 0 } = members[0] ?? {};
  const end = members.reduce((last, { offset, byteLength }) => Math.max(last, offset + byteLength), start);
  const memory = new ArrayBuffer(end - start);
  const uploads = members.map((upload) => {
    const [from, length] = [upload.offset - start, upload.byteLength / 4];
    return { upload, words: upload.dataType === "float32" ? new Float32Array(memory, from, length) : new Int32Array(memory, from, length) };
  });
  return { arena, offset: start, memory, uploads };
}

function bufferOf(pool: BufferPool, arena: number): GPUBuffer {
  return required(pool.buffers.upload[arena], `arena ${arena}`);
}
