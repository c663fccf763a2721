import { bytesSource } from "../../bytes/bytes-source.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import type { FileSet } from "../../bytes/file-set.ts";
import { wrappedFileSet } from "../../bytes/wrapped-file-set.ts";
import { memoryBudget } from "../../accounting/memory-budget.ts";
import { hasVocabulary } from "../../checkpoint/has-vocabulary.ts";
import { LongspanError } from "../../errors/longspan-error.ts";
import { readJson } from "../../json/parse-json.ts";
import { stringifyJson } from "../../json/stringify-json.ts";

const settingsFile = "tokenizer_config.json";

/**
 * The files with a tokenizer for texts of another length: `model_max_length` in tokenizer_config.json is `maxLength` (as transformers
 * writes it after `tokenizer.model_max_length = …`), and all else is as it lies there. A tokenizer without such a file gets one.
 * @throws LongspanError `config-invalid` (while the file is opened) when it is no JSON object.
 */
export function tokenizerOfLength(files: FileSet, maxLength: number): FileSet {
  return wrappedFileSet(files, async (folder, fileName, options) => {
    const source = await folder.resolve(fileName, options);
    if (fileName !== settingsFile) return source;
    if (source === undefined && !(await hasVocabulary(folder, options))) return undefined;
    const { max_len: _old, ...settings } = source === undefined ? {} : await readSettings(source, options?.signal);
    const text = `${stringifyJson({ ...settings, model_max_length: maxLength }, { indent: 2 })}\n`;
    return bytesSource(new TextEncoder().encode(text), source?.name ?? `${folder.name}/${settingsFile}`);
  });
}

async function readSettings(source: ByteSource, signal: AbortSignal | undefined): Promise<Readonly<Record<string, unknown>>> {
  try {
    const parsed = await readJson(source, { code: "config-invalid", budget: memoryBudget(source.name, source.size), signal });
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
    throw new LongspanError("config-invalid", `${source.name} is no JSON object, as a tokenizer's settings are.`);
  } finally {
    await source.close();
  }
}
