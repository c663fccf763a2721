import { type ByteSource, LongspanError } from "@longspan/core";
import type { MemoryBudget } from "@longspan/core/adapter";
import { compressedEntryError, entrySource } from "../zip/entry-source.ts";
import { readZipArchive } from "../zip/zip-archive.ts";
import type { ZipEntry } from "../zip/zip-archive.ts";
import { methodStored } from "../zip/zip-format.ts";

/** Bytes of `version` and `byteorder`: a few characters each. */
const maxTextBytes = 64;

/** Format versions `torch.load` takes (caffe2/serialize/versions.h: kMinSupportedFileFormatVersion to kMaxSupportedFileFormatVersion). */
const versions = { lowest: 1, highest: 10 };

/** An archive of `torch.save`, checked as far as its small entries go. */
export interface TorchArchive {
  /** The folder that holds all entries: the stem of the file's name when it was saved, or `archive`. */
  readonly topFolder: string;
  readonly byteOrder: "little" | "big";
  /** The entry `data.pkl`. Its checksum is always verified. */
  readonly pickle: ByteSource;
  /** The entry `data/KEY`. */
  storage(key: string): ZipEntry | undefined;
  readonly storageCount: number;
  /** Of a TorchScript program, how many tensors are constants of its code, without names; undefined: the archive holds no program. */
  readonly programConstants: number | undefined;
  readonly warnings: readonly string[];
}

/**
 * Opens the archive and reads its small entries (torch/serialization.py, `_load`).
 * A TorchScript program (torch.jit.save, libtorch's OutputArchive) is one, too: its `data.pkl` holds the module; its code is not looked at.
 * @throws LongspanError `truncated`, `malformed`, `limit-exceeded`, `unsupported`.
 */
export async function openTorchArchive(source: ByteSource, budget: MemoryBudget, signal?: AbortSignal): Promise<TorchArchive> {
  const archive = await readZipArchive(source, budget, signal);
  const records = recordsOf(source.name, archive.entries);
  refuseCompressed(source.name, records.byName);

  const pickleEntry = records.byName.get("data.pkl");
  if (pickleEntry === undefined)
    throw torchArchiveError(source.name, `has no entry "${records.topFolder}/data.pkl": it is a zip archive, but not one of torch.save`);
  await checkVersion(source, records.byName, signal);
  const byteOrder = await readByteOrder(source, records.byName, signal);

  const storages = new Map<string, ZipEntry>();
  let unchecked = false;
  for (const [name, entry] of records.byName) {
    if (!name.startsWith("data/")) continue;
    storages.set(name.slice("data/".length), entry);
    unchecked ||= entry.checksum === undefined;
  }
  const warnings = [...archive.warnings];
  if (unchecked) warnings.push(`${source.name} was written without checksums; damage to it cannot be noticed.`);
  return {
    topFolder: records.topFolder,
    byteOrder,
    pickle: entrySource(source, pickleEntry, true),
    storage: (key) => storages.get(key),
    storageCount: storages.size,
    programConstants: records.byName.has("constants.pkl")
      ? [...records.byName.keys()].filter((name) => name.startsWith("constants/")).length
      : undefined,
    warnings,
  };
}

interface Records {
  readonly topFolder: string;
  /** By the name below the top folder. */
  readonly byName: ReadonlyMap<string, ZipEntry>;
}

function recordsOf(file: string, entries: ReadonlyMap<string, ZipEntry>): Records {
  let topFolder: string | undefined;
  const byName = new Map<string, ZipEntry>();
  for (const [name, entry] of entries) {
    if (name.endsWith("/") && entry.byteLength === 0) continue;
    const slash = name.indexOf("/");
    if (slash === -1) throw torchArchiveError(file, `has the entry "${name}" outside of a folder; torch keeps all entries in one folder`);
    const folder = name.slice(0, slash);
    topFolder ??= folder;
    if (folder !== topFolder) throw torchArchiveError(file, `has two top folders, "${topFolder}" and "${folder}"; torch writes one`);
    byName.set(name.slice(slash + 1), entry);
  }
  if (topFolder === undefined) throw torchArchiveError(file, "is an empty zip archive");
  return { topFolder, byName };
}

/** torch stores all it reads back: a compressed entry cannot be read in place, and with `mmap=True` torch itself reads garbage from it. */
function refuseCompressed(file: string, records: ReadonlyMap<string, ZipEntry>): void {
  for (const [name, entry] of records) {
    const isRead =
      name.startsWith("data/") || name === "data.pkl" || name === "byteorder" || name === "version" || name === ".data/version";
    if (isRead && entry.method !== methodStored) throw compressedEntryError(file, entry);
  }
}

async function checkVersion(source: ByteSource, records: ReadonlyMap<string, ZipEntry>, signal: AbortSignal | undefined): Promise<void> {
  const entry = records.get(".data/version") ?? records.get("version");
  if (entry === undefined) throw torchArchiveError(source.name, "has no entry version, which torch.load demands");
  const text = (await readText(source, entry, signal)).trim();
  const version = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (version >= versions.lowest && version <= versions.highest) return;
  throw new LongspanError(
    "unsupported",
    `${source.name} states the torch archive version ${JSON.stringify(text)}; versions ${versions.lowest} to ${versions.highest} are known. Save it again with a released torch.`,
    { details: { file: source.name, version: text } },
  );
}

async function readByteOrder(
  source: ByteSource,
  records: ReadonlyMap<string, ZipEntry>,
  signal: AbortSignal | undefined,
): Promise<"little" | "big"> {
  const entry = records.get("byteorder");
  // torch before 2.1 wrote none, and torch.load then assumes little.
  if (entry === undefined) return "little";
  const text = await readText(source, entry, signal);
  if (text !== "little" && text !== "big") {
    throw torchArchiveError(source.name, `states the byte order ${JSON.stringify(text)}; "little" or "big" is expected`);
  }
  return text;
}

async function readText(source: ByteSource, entry: ZipEntry, signal: AbortSignal | undefined): Promise<string> {
  if (entry.byteLength > maxTextBytes) {
    throw torchArchiveError(source.name, `has ${entry.byteLength} bytes in the entry "${entry.name}", where a word is expected`);
  }
  const bytes = await entrySource(source, entry, true).read(0, entry.byteLength, { signal });
  return String.fromCharCode(...bytes);
}

function torchArchiveError(file: string, problem: string): LongspanError {
  return new LongspanError("malformed", `${file} ${problem}. Write it again with torch.save, or download it again.`, { details: { file } });
}
