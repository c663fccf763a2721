import { globSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";
import { guide } from "./guide.ts";

const docs = join(import.meta.dirname, "..");
const reference = globSync("reference/**/*.md", { cwd: docs })
  .map((file) => file.replace(/\.md$/, ""))
  .filter((page) => page !== "reference/index")
  .toSorted()
  .map((page) => ({ text: page.replace("reference/", ""), link: `/${page}` }));

export default defineConfig({
  title: "Longspan",
  description: "Longformer checkpoints of any framework, converted exactly and run anywhere, in TypeScript",
  lang: "en",
  cleanUrls: false,
  srcExclude: ["README.md"],
  outDir: "dist",
  cacheDir: "node_modules/.cache/vitepress",
  // The search's index is one chunk.
  vite: { build: { chunkSizeWarningLimit: 3000 } },
  themeConfig: {
    // Of the pages themselves: nothing is asked of a server.
    search: { provider: "local" },
    outline: { level: [2, 3] },
    nav: [
      { text: "Guide", link: "/start" },
      { text: "Reference", link: "/reference/" },
    ],
    sidebar: { "/reference/": [{ text: "Entry points", items: reference }], "/": guide },
  },
});
