import { expect, test } from "vitest";
import { parseRepositoryName } from "./repository-name.ts";

test.each([
  ["allenai/longformer-base-4096", "allenai/longformer-base-4096", "main"],
  ["a/b@v1.0", "a/b", "v1.0"],
  ["a/b@refs/pr/3", "a/b", "refs/pr/3"],
])("%s", (text, repository, revision) => {
  expect(parseRepositoryName(text)).toEqual({ repository, revision });
});

test.each(["model", "a/b/c", "./a", "../b", "a/", "/b", "a/b@", "a/b@../x", "a/..", "a b/c", "a/b.git", "C:\\a/b", "-a/b", "a/b\u0000"])(
  "%j is no name",
  (text) => {
    expect(parseRepositoryName(text)).toBeUndefined();
  },
);
