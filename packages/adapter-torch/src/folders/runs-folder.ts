import { type FileSet, LongspanError } from "@longspan/core";
import type { FolderEntry, FolderKind } from "@longspan/core/adapter";

/** Folders looked into. */
const maxFolders = 1000;

/** Named in a message. */
const listedFolders = 8;

/**
 * A folder in which sharded checkpoints lie side by side: `epoch=0.ckpt/`, `epoch=1.ckpt/`, `global_step500/`. One alone is opened; of several the
 * user has to choose.
 * @param kinds What the folders inside may be.
 */
export function runsFolder(kinds: readonly FolderKind[]): FolderKind {
  return {
    name: "sharded-runs",
    async find(files, fileName) {
      if (fileName !== undefined) return undefined;
      const found: RunInside[] = [];
      for (const name of (await files.listFolders?.())?.slice(0, maxFolders) ?? []) {
        const entry = await entryOf(files, name, kinds);
        if (entry !== undefined) found.push({ name, entry });
      }
      const [only] = found;
      if (only === undefined) return undefined;
      if (found.length === 1) {
        if (LongspanError.isInstance(only.entry)) throw only.entry;
        return { ...only.entry, warnings: [`${files.name}: the checkpoint in ${only.name} is read.`, ...only.entry.warnings] };
      }
      // By the numbers in the names: steps and epochs grow.
      const names = found.map(({ name }) => name).toSorted((one, other) => other.localeCompare(one, "en", { numeric: true }));
      const shown = names.slice(0, listedFolders).join(", ") + (names.length > listedFolders ? ", …" : "");
      throw new LongspanError(
        "ambiguous-format",
        `${files.name} holds ${found.length} checkpoints: ${shown}. Name the one to read, the newest for example: ${files.name}/${names[0] ?? ""}.`,
        { details: { folder: files.name, folders: names } },
      );
    },
  };
}

interface RunInside {
  readonly name: string;
  /** Or why it cannot be opened: it is a checkpoint all the same, among which the user has to choose. */
  readonly entry: FolderEntry | LongspanError;
}

async function entryOf(files: FileSet, name: string, kinds: readonly FolderKind[]): Promise<RunInside["entry"] | undefined> {
  const folder = await files.folder?.(name).catch((error: unknown) => {
    // A link that leads elsewhere is no checkpoint of this folder.
    if (LongspanError.isInstance(error) && error.code === "unsupported") return undefined;
    throw error;
  });
  if (folder === undefined) return undefined;
  try {
    for (const kind of kinds) {
      const entry = await kind.find(folder, undefined);
      if (entry !== undefined) return entry;
    }
  } catch (error) {
    if (LongspanError.isInstance(error) && (error.code === "unsupported" || error.code === "not-found")) return error;
    throw error;
  }
  return undefined;
}
