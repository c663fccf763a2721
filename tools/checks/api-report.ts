import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { surfaceReader, type DeclaredName, type Surface } from "./api-surface.ts";

/** What an entry point of a published package exports, as text to be reviewed. */
export interface ApiReport {
  /** Under `api/`: `core.adapter.api.md`. */
  readonly fileName: string;
  readonly text: string;
  /** Names, exported or spoken of by those, and members of interfaces and classes among them, that have no sentence, each with its place. */
  readonly undocumented: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly "@longspan/source"?: string }>>;
}

/** The reports of every entry point of every package under `root/packages`. */
export function apiReports(root: string): readonly ApiReport[] {
  const read = surfaceReader(root);
  return readdirSync(join(root, "packages")).flatMap((folder) => {
    const manifest: Manifest = JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"));
    const entries = Object.entries(manifest.exports).flatMap(([entry, conditions]) => {
      const source = typeof conditions === "string" ? undefined : conditions["@longspan/source"];
      return source === undefined ? [] : [{ entry, path: posix.join("packages", folder, source) }];
    });
    const surfaces = read(entries.map(({ path }) => path));
    return entries.flatMap(({ entry, path }) => {
      const surface = surfaces.get(path);
      return surface === undefined ? [] : [report(folder, posix.join(manifest.name, entry), entry, surface)];
    });
  });
}

function report(folder: string, shown: string, entry: string, { exported, handedOn, unnamed }: Surface): ApiReport {
  const names = `${exported.length + handedOn.length} name${exported.length + handedOn.length === 1 ? "" : "s"}`;
  const parts = [
    `# ${shown}`,
    `${names}. Written by \`npm run api\`; \`npm run lint:api\` compares it with the sources.`,
    ...block(exported),
    ...(handedOn.length === 0 ? [] : ["Handed on:", ...handedOn.toSorted(alphabetical).map((name) => `- ${name}`)]),
    ...(unnamed.length === 0 ? [] : ["## Types that these speak of, exported nowhere", ...block(unnamed)]),
  ];
  return {
    fileName: `${[folder, ...entry.split("/").slice(1)].join(".")}.api.md`,
    text: `${parts.join("\n\n")}\n`,
    // What a generator wrote has its own comments.
    undocumented: [...exported, ...unnamed.filter(({ place }) => !/_pb\.ts:/.test(place))].flatMap(
      ({ name, documented, undocumentedMembers, place }) => [
        ...(documented ? [] : [`${name} (${place})`]),
        ...undocumentedMembers.map((member) => `${name}.${member}`),
      ],
    ),
  };
}

function block(declared: readonly DeclaredName[]): readonly string[] {
  if (declared.length === 0) return [];
  const texts = declared.toSorted((left, right) => alphabetical(left.name, right.name)).map(({ text }) => text);
  return [["```ts", texts.join("\n\n"), "```"].join("\n")];
}

function alphabetical(left: string, right: string): number {
  const [one, other] = [left.toLowerCase(), right.toLowerCase()];
  return one < other ? -1 : one > other ? 1 : left < right ? -1 : 1;
}
