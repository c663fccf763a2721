/** A model on the hub: `owner/name`, and the branch, tag or commit that is wanted. */
export interface RepositoryName {
  /** `owner/name`. */
  readonly repository: string;
  /** Default: `main`. */
  readonly revision: string;
}

/** The hub's own rules (huggingface_hub, utils/_validators.py): letters, digits, `-`, `_`, `.`; none of the last two twice, or at an end. */
const part = /^(?![-.])(?!.*(?:--|\.\.))[A-Za-z0-9._-]{1,96}(?<![-.])$/;

/** Branches may have slashes. */
const revisionText = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/;

/** `owner/name` or `owner/name@revision`; undefined for any other text. A path of two segments looks the same: ask the disk first. */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  const at = text.indexOf("@");
  const repository = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? "main" : text.slice(at + 1);
  const parts = repository.split("/");
  if (parts.length !== 2 || !parts.every((one) => part.test(one)) || repository.endsWith(".git")) return undefined;
  return revisionText.test(revision) && !revision.includes("..") ? { repository, revision } : undefined;
}
