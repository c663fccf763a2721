// The reference of every published name, from the sources' own sentences: writes reference/, which git ignores.
import { join, resolve } from "node:path";
import { Application, LogLevel, OptionDefaults } from "typedoc";
import { publishedEntries } from "./published-entries.ts";

const root = resolve(import.meta.dirname, "../..");
const docs = join(root, "docs");
const entries = publishedEntries(root);

const application = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown"],
  name: "Reference",
  entryPoints: entries.map(({ source }) => source),
  tsconfig: join(docs, "tsconfig.json"),
  out: join(docs, "reference"),
  readme: "none",
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  skipErrorChecking: true,
  logLevel: LogLevel.Warn,
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  treatValidationWarningsAsErrors: false,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: "table",
  entryFileName: "index",
  router: "module",
  // protobuf's generator writes it.
  blockTags: [...OptionDefaults.blockTags, "@generated"],
} as Parameters<typeof Application.bootstrapWithPlugins>[0]);
const project = await application.convert();
if (project === undefined) throw new Error("TypeDoc could not read the sources.");
// TypeDoc calls a module after its file; its reader imports it by the entry's name.
for (const module of project.children ?? []) {
  const file = project.getSymbolIdFromReflection(module)?.fileName;
  const entry = entries.find(({ source }) => source === file);
  if (entry === undefined) throw new Error(`${module.name} is no entry point of a package`);
  module.name = entry.name;
}
application.validate(project);
await application.generateOutputs(project);
if (application.logger.hasErrors()) process.exitCode = 1;
