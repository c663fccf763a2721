import type { TestKit } from "@longspan/core/testing";

/** Those tests of a kit whose suite and name are wanted; suites without any are left out. */
export function someOfKit(kit: TestKit, suites: readonly string[], wanted: RegExp): TestKit {
  return {
    ...kit,
    describe(name, body) {
      if (suites.includes(name)) kit.describe(name, body);
    },
    test(name, body) {
      if (wanted.test(name)) kit.test(name, body);
    },
  };
}
