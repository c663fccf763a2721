/** The caller's test functions: vitest's, or any with this shape (Jest, Bun). Nothing here imports a test runner. */
export interface TestKit {
  readonly describe: (name: string, suite: () => void) => void;
  readonly test: (name: string, body: () => void | Promise<void>) => void;
  readonly expect: (actual: unknown) => Expectation;
}

/** What `expect` of a test framework gives, as far as the kits use it. */
export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
}
