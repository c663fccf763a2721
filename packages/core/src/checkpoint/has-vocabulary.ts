import type { FileSet, ResolveOptions } from "../bytes/file-set.ts";

/** Files that hold a tokenizer's words; settings alone are no tokenizer. */
const vocabularyFiles: readonly string[] = ["tokenizer.json", "vocab.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model"];

/** Whether a tokenizer lies among the files. @throws LongspanError what opening them throws. */
export async function hasVocabulary(files: FileSet, options?: ResolveOptions): Promise<boolean> {
  for (const name of vocabularyFiles) {
    const source = await files.resolve(name, options);
    await source?.close();
    if (source !== undefined) return true;
  }
  return false;
}
