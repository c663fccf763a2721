// The corpus of odd files (fixtures/hostile), read where most strangers' files are: in a browser.
import { expect, test } from "vitest";
import { corpus } from "../../fixtures/hostile/corpus.ts";
import { checkCase } from "./check-case.ts";
import { isOfNode } from "./readers.ts";

test("every odd file ends as it must", async () => {
  const inherited = Object.getOwnPropertyNames(Object.prototype).join();
  const problems: string[] = [];
  for (const each of corpus.filter(({ reader }) => !isOfNode(reader))) {
    const problem = await checkCase(each);
    if (problem !== "") problems.push(`${each.reader}: ${each.id} ${problem}`);
  }
  expect(problems).toEqual([]);
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(inherited);
}, 600_000);
