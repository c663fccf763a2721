import { bytesSource } from "../../bytes/bytes-source.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import type { FileSet } from "../../bytes/file-set.ts";
import { LongspanError } from "../../errors/longspan-error.ts";

const settingsFile = "tokenizer_config.json";

/** Files that hold a tokenizer's words: where one of them is, there are settings too. */
const vocabularyFiles: readonly string[] = ["tokenizer.json", "vocab.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model"];

/** A tokenizer's settings are a few kB; with thousands of added tokens some hundred. */
const largestSettingsBytes = 10 * 2 ** 20;

/**
 * The files with a tokenizer for texts of another length: `model_max_length` in tokenizer_config.json is `maxLength` (as transformers
 * writes it after `tokenizer.model_max_length = …`), and all else is as it lies there. A tokenizer without such a file gets one.
 * @throws LongspanError `config-invalid` (while the file is opened) when it is no JSON object.
 */
export function tokenizerOfLength(files: FileSet, maxLength: number): FileSet {
  const hasVocabulary = async (): Promise<boolean> => {
    for (const name of vocabularyFiles) {
      const source = await files.resolve(name);
      await source?.close();
      if (source !== undefined) return true;
    }
    return false;
  };
  const settings = async (): Promise<ByteSource | undefined> => {
    const source = await files.resolve(settingsFile);
    if (source === undefined && !(await hasVocabulary())) return undefined;
    const { max_len: _old, ...read } = source === undefined ? {} : await readSettings(source);
    const text = `${JSON.stringify({ ...read, model_max_length: maxLength }, null, 2)}\n`;
    return bytesSource(new TextEncoder().encode(text), source?.name ?? `${files.name}/${settingsFile}`);
  };
  // What else the files can do stays as it is.
  const other: Omit<FileSet, "name" | "resolve"> = {
    ...(files.list === undefined ? {} : { list: async () => withSettings((await files.list?.()) ?? []) }),
    ...(files.folder === undefined ? {} : { folder: async (folderName: string) => files.folder?.(folderName) }),
    ...(files.listFolders === undefined ? {} : { listFolders: async () => (await files.listFolders?.()) ?? [] }),
    ...(files.parent === undefined ? {} : { parent: () => files.parent?.() }),
  };
  return { name: files.name, resolve: async (fileName) => (fileName === settingsFile ? settings() : files.resolve(fileName)), ...other };
}

function withSettings(names: readonly string[]): readonly string[] {
  return names.includes(settingsFile) || !names.some((name) => vocabularyFiles.includes(name)) ? names : [...names, settingsFile];
}

async function readSettings(source: ByteSource): Promise<Readonly<Record<string, unknown>>> {
  try {
    if (source.size > largestSettingsBytes) {
      throw new LongspanError("config-invalid", `${source.name} has ${source.size} bytes; a tokenizer's settings are a few thousand.`);
    }
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await source.read(0, source.size)));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
    throw new LongspanError("config-invalid", `${source.name} is no JSON object, as a tokenizer's settings are.`);
  } catch (error) {
    if (LongspanError.isInstance(error)) throw error;
    throw new LongspanError("config-invalid", `${source.name} is not JSON: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  } finally {
    await source.close();
  }
}
