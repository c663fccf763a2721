/** The caller's test functions: vitest's, or any with this shape (Jest, Bun). Nothing here imports a test runner. */
export interface TestKit {
  /** Groups tests. */
  readonly describe: (name: string, suite: () => void) => void;
  /** One test; it fails when its body throws or rejects. */
  readonly test: (name: string, body: () => void | Promise<void>) => void;
  /** Throws where what is expected does not hold. */
  readonly expect: (actual: unknown) => Expectation;
}

/** What `expect` of a test framework gives, as far as the kits use it. */
export interface Expectation {
  /** The same value: `Object.is`. */
  toBe(expected: unknown): void;
  /** The same data, whatever the identity of objects. */
  toEqual(expected: unknown): void;
}
