import { memoryFileSet, type FileSet, type ResolveOptions } from "@longspan/core";
import { expect, test } from "vitest";
import { adapterSidecars } from "./adapter-sidecars.ts";

test("how a file is opened (signal, whose content named it) reaches the sets of both", async () => {
  const asked: (ResolveOptions | undefined)[] = [];
  const noting = (files: FileSet): FileSet => ({
    ...files,
    resolve: (fileName, options) => {
      asked.push(options);
      return files.resolve(fileName, options);
    },
  });
  const bytes = new Uint8Array([1]);
  const files = adapterSidecars(
    noting(memoryFileSet("adapter", {})),
    noting(memoryFileSet("base", { "vocab.json": bytes, "config.json": bytes })),
  );
  const options: ResolveOptions = { signal: new AbortController().signal, namedIn: "index.json" };
  for (const fileName of ["vocab.json", "config.json"]) await (await files.resolve(fileName, options))?.close();
  expect(asked.length).toBeGreaterThan(3);
  expect(new Set(asked)).toEqual(new Set([options]));
});
