import { required } from "../kernel/required.ts";
import { bindingAlignment } from "../kernels/parts/dispatching.ts";

/** A tensor's demand for memory: from its first to its last step, both included. */
export interface MemoryRequest {
  readonly name: string;
  readonly byteLength: number;
  readonly first: number;
  readonly last: number;
}

interface Placement {
  readonly arena: number;
  /** Bytes; a multiple of 256. */
  readonly offset: number;
}

export interface MemoryLayout {
  /** Bytes of each arena: a buffer that many tensors share. */
  readonly arenas: readonly number[];
  readonly placements: ReadonlyMap<string, Placement>;
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / bindingAlignment) * bindingAlignment;
}

interface Arena {
  size: number;
  /** By offset. */
  readonly tenants: (MemoryRequest & { readonly offset: number })[];
  readonly names: Set<string>;
}

/**
 * Lays tensors into as few and as small arenas as it finds: the largest first, each where its arena has to grow the least, at the lowest
 * place that is free for as long as it lives (the "greedy by size" of Pisarchyk and Lee, arXiv 2001.03288). Tensors that `apart` names are
 * in different arenas: WebGPU does not let one dispatch bind one buffer for reading and for writing.
 * Each tensor fits into `maxArenaBytes`.
 */
export function placeTensors(
  requests: readonly MemoryRequest[],
  apart: ReadonlyMap<string, ReadonlySet<string>>,
  maxArenaBytes: number,
): MemoryLayout {
  const arenas: Arena[] = [];
  const placements = new Map<string, Placement>();
  for (const request of requests.toSorted((left, right) => right.byteLength - left.byteLength)) {
    const strangers = apart.get(request.name) ?? new Set();
    let best: { readonly arena: number; readonly offset: number; readonly growth: number } | undefined;
    for (const [index, arena] of arenas.entries()) {
      if ([...strangers].some((name) => arena.names.has(name))) continue;
      const offset = lowestGap(arena, request);
      if (offset + request.byteLength > maxArenaBytes) continue;
      const growth = Math.max(0, offset + request.byteLength - arena.size);
      if (best === undefined || growth < best.growth) best = { arena: index, offset, growth };
    }
    const { arena, offset } = best ?? { arena: arenas.push({ size: 0, tenants: [], names: new Set() }) - 1, offset: 0 };
    const home = required(arenas[arena], `arena ${arena}`);
    home.size = Math.max(home.size, offset + request.byteLength);
    home.names.add(request.name);
    home.tenants.push({ ...request, offset });
    home.tenants.sort((left, right) => left.offset - right.offset);
    placements.set(request.name, { arena, offset });
  }
  // The largest a device has need be no multiple.
  return { arenas: arenas.map(({ size }) => (alignUp(size) <= maxArenaBytes ? alignUp(size) : size)), placements };
}

function lowestGap({ tenants }: Arena, { byteLength, first, last }: MemoryRequest): number {
  let offset = 0;
  for (const tenant of tenants) {
    if (tenant.last < first || last < tenant.first) continue;
    if (offset + byteLength <= tenant.offset) break;
    offset = Math.max(offset, alignUp(tenant.offset + tenant.byteLength));
  }
  return offset;
}
