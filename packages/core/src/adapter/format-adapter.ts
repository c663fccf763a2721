import type { Container } from "./container.ts";
import type { Derivation } from "./derivation.ts";
import type { Envelope } from "./envelope.ts";
import type { FolderKind } from "./folder-kind.ts";
import type { Layout } from "./layout.ts";
import type { Target } from "./target.ts";

/** What a framework brings. A plain object from a factory, passed to `createConverter`; adding one edits nothing here. */
export interface FormatAdapter {
  readonly specificationVersion: 1;
  readonly name: string;
  readonly containers: readonly Container[];
  readonly envelopes: readonly Envelope[];
  /** Default: none. */
  readonly derivations?: readonly Derivation[];
  /** Kinds of folders that hold a checkpoint in several files. Default: none. */
  readonly folderKinds?: readonly FolderKind[];
  readonly layouts: readonly Layout[];
  readonly targets: readonly Target[];
}
