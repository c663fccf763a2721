import type { ByteSource, FileSet } from "@longspan/core";
import { joinedFileSet, tokenizerFileNames } from "@longspan/core/adapter";

/**
 * What lies beside an adapter and beside its base: the adapter's tokenizer where it has one (tokens may have been added for it), whole, never
 * mixed of both; the base's else. Other files are the adapter's before the base's.
 */
export function adapterSidecars(adapter: FileSet, base: FileSet): FileSet {
  const joined = joinedFileSet([adapter, base]);
  let tokenizer: Promise<FileSet> | undefined;
  return {
    ...joined,
    async resolve(fileName) {
      if (!tokenizerFileNames.includes(fileName)) return joined.resolve(fileName);
      tokenizer ??= hasTokenizer(adapter).then((has) => (has ? adapter : base));
      return (await tokenizer).resolve(fileName);
    },
  };
}

/** Settings alone are no tokenizer. */
const vocabularies = new Set(["tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model"]);

async function hasTokenizer(files: FileSet): Promise<boolean> {
  for (const fileName of tokenizerFileNames.filter((name) => vocabularies.has(name))) {
    const source: ByteSource | undefined = await files.resolve(fileName);
    if (source === undefined) continue;
    await source.close();
    return true;
  }
  return false;
}
