// Writes the pages that say what the sources say: of every command, every error and every operation of graphs. Git ignores them.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { errorCodes, type ErrorCode } from "@longspan/core";
import { errorExplanations } from "./error-explanations.ts";
import { operationsPage } from "./operations-page.ts";

const root = resolve(import.meta.dirname, "../..");
const page = (name: string, text: string): void => writeFileSync(join(root, "docs", name), text);

const faults: Readonly<Record<string, string>> = {
  input: "What was given (exit code 1)",
  usage: "How it was called (exit code 2)",
  environment: "The machine (exit code 3)",
  interrupted: "Stopped (exit code 130)",
};

function errorsPage(): string {
  const sections = Object.entries(faults).map(([kind, title]) => {
    const codes = Object.entries(errorCodes).filter(([, of]) => of === kind);
    const entries = codes.map(([code]) => {
      const { cause, wayOut } = errorExplanations[code as ErrorCode];
      return `### ${code}\n\n${cause}\n\n**Way out.** ${wayOut}\n`;
    });
    return `## ${title}\n\n${entries.join("\n")}`;
  });
  return `# Errors

Everything that Longspan throws on purpose is a \`LongspanError\`: a \`code\` from this page, a \`message\` that names the thing and the way out, and
\`details\` as data. The command line prints the message, and \`--json\` the whole as JSON.

${sections.join("\n")}`;
}

function longspan(...words: readonly string[]): string {
  const program = ["--conditions=@longspan/source", join(root, "packages/cli/src/cli.ts"), ...words];
  return execFileSync(process.execPath, program, { encoding: "utf8", env: { ...process.env, COLUMNS: "110" } }).trimEnd();
}

function commandsPage(): string {
  const overview = longspan("--help");
  const list = overview.slice(overview.indexOf("\nCommands:"));
  const names = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = ""]) => name).filter((name) => name !== "help");
  const sections = names.map((name) => `## longspan ${name}\n\n\`\`\`text\n${longspan(name, "--help")}\n\`\`\`\n`);
  return `# Commands\n\n\`npm install --global longspan\`, or \`npx longspan\`.\n\n\`\`\`text\n${overview}\n\`\`\`\n\n${sections.join("\n")}`;
}

page("errors.md", errorsPage());
page("commands.md", commandsPage());
page("operations.md", operationsPage());
