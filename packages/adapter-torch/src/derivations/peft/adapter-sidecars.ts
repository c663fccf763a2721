import type { FileSet } from "@longspan/core";
import { hasVocabulary, joinedFileSet, tokenizerFileNames } from "@longspan/core/adapter";

/**
 * What lies beside an adapter and beside its base: the adapter's tokenizer where it has one (tokens may have been added for it), whole, never
 * mixed of both; the base's else. Other files are the adapter's before the base's.
 */
export function adapterSidecars(adapter: FileSet, base: FileSet): FileSet {
  const joined = joinedFileSet([adapter, base]);
  let tokenizer: Promise<FileSet> | undefined;
  return {
    ...joined,
    async resolve(fileName, options) {
      if (!tokenizerFileNames.includes(fileName)) return joined.resolve(fileName, options);
      tokenizer ??= hasVocabulary(adapter, options).then((has) => (has ? adapter : base));
      return (await tokenizer).resolve(fileName, options);
    },
  };
}
