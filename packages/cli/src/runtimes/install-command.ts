import { fileURLToPath } from "node:url";

/**
 * What to type so that this command line finds a package: beside it where it is installed, whether in a project or globally, and brought
 * along where `npx` brought it.
 * @param file Where this program lies.
 */
export function installCommand(name: string, file: string = fileURLToPath(import.meta.url)): string {
  const path = file.replaceAll("\\", "/");
  if (path.includes("/_npx/")) return `npx --package longspan --package ${name} longspan …`;
  // npm keeps global packages under lib/node_modules, on Windows under npm/node_modules.
  const isGlobal = /\/(?:lib|npm)\/node_modules\/longspan\//.test(path);
  return `npm install ${isGlobal ? "--global " : ""}${name}`;
}
