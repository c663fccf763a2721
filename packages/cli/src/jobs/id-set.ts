/** Ids that were seen, however many. */
export interface IdSet {
  has(id: string): boolean;
  add(id: string): void;
}

/** V8's own sets end at 2^24 elements with a RangeError. */
const maxSetSize = 2 ** 23;

/** @param shardSize how many one of its sets holds; only tests say it */
export function idSet(shardSize: number = maxSetSize): IdSet {
  let last = new Set<string>();
  const shards = [last];
  return {
    has: (id) => shards.some((shard) => shard.has(id)),
    add(id) {
      if (last.size >= shardSize) shards.push((last = new Set()));
      last.add(id);
    },
  };
}
