/**
 * What things take of memory, in bytes, against `PickleLimits.memory`: measured as the growth of a process while pickles of millions of
 * them were read, and rounded up. V8 leaves half as much again uncollected on the way.
 */
export const memoryCosts = {
  /** A list, tuple, set, object, bytes or persistent id, without what is in it. */
  node: 208,
  /** A dict has its own index and table of keys. */
  dict: 400,
  /** A place in a list, on the stack, in the memo: arrays grow by half, and are copied then. */
  place: 32,
  /** A key and its value in a dict, or an item of a set. */
  entry: 176,
  /** A memo entry whose index does not follow the others'. */
  sparseMemoEntry: 80,
  /** A text beside its characters, and each of these. */
  text: 32,
  character: 2,
  /** Bytes that were read, beside their number. */
  bytes: 360,
  /** What is remembered of a key that is no text or number, for comparing it. */
  keyToken: 900,
} as const;
