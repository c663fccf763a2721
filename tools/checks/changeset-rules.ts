/** What a commit of a branch says and touches. */
export interface BranchCommit {
  readonly message: string;
  /** From the root. */
  readonly paths: readonly string[];
}

const advice = 'Tell its users with "npm run changeset"';

/**
 * The packages whose sources are not those of the last release, and of which no changeset tells. Needs no history.
 * @param sums of each package's sources now, by its name; `released` those of the last release, none for a package that never was.
 */
export function changedWithoutChangeset(
  sums: Readonly<Record<string, string>>,
  released: Readonly<Record<string, string>>,
  told: ReadonlySet<string>,
): readonly string[] {
  return Object.entries(sums)
    .filter(([name, sum]) => released[name] !== sum && !told.has(name))
    .map(([name]) => `${name} has changed since its last release, and no changeset names it. ${advice}.`);
}

/**
 * The packages whose sources a branch touches without touching a changeset that names them. A commit with the line `Changeset: none, …` is not
 * looked at: its author says why users notice nothing.
 * @param names of packages by folder; `changesets`: the packages that each changeset's file names.
 */
export function silentBranchChanges(
  commits: readonly BranchCommit[],
  names: ReadonlyMap<string, string>,
  changesets: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const told = new Set(commits.flatMap(({ paths }) => paths.flatMap((path) => changesets.get(path) ?? [])));
  const touched = new Map<string, string>();
  for (const { message, paths } of commits) {
    if (/^Changeset: none, \S/m.test(message)) continue;
    for (const path of paths) {
      const folder = /^packages\/([^/]+)\/src\/.*(?<!\.test)\.ts$/.exec(path)?.[1];
      const name = folder === undefined ? undefined : names.get(folder);
      if (name !== undefined && !told.has(name)) touched.set(name, path);
    }
  }
  return [...touched].map(
    ([name, path]) =>
      `This branch changes ${name} (${path}), and no changeset of the branch names it. ${advice}; or, where they notice nothing, say why in the commit: "Changeset: none, <why>".`,
  );
}
