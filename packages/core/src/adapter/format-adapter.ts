import type { Container } from "./container.ts";
import type { Derivation } from "./derivation.ts";
import type { Envelope } from "./envelope.ts";
import type { FolderKind } from "./folder-kind.ts";
import type { Layout } from "./layout.ts";
import type { Target } from "./target.ts";

/** What a framework brings. A plain object from a factory, passed to `createConverter`; adding one edits nothing here. */
export interface FormatAdapter {
  /** The contract that it follows. A core that knows another one refuses it by name (`adapter-invalid`). */
  readonly specificationVersion: 1;
  /** Kebab case, for messages: `torch`, `paddle`. */
  readonly name: string;
  /** The file formats that it reads, each told by its bytes. Empty: it relies on those of other adapters. */
  readonly containers: readonly Container[];
  /** Where in such a file the state dict lies. */
  readonly envelopes: readonly Envelope[];
  /** Default: none. */
  readonly derivations?: readonly Derivation[];
  /** Kinds of folders that hold a checkpoint in several files. Default: none. */
  readonly folderKinds?: readonly FolderKind[];
  /** Naming and transposition conventions that it reads; each is proved for the configuration and head at hand when it is used. */
  readonly layouts: readonly Layout[];
  /** What it writes, each under a name that `plan` and `--to` take. */
  readonly targets: readonly Target[];
}
