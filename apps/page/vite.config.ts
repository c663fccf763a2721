import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { exampleDocument } from "./example-document.ts";
import { pageLicenses } from "./page-licenses.ts";
import { contentSecurityPolicy, pageHeaders } from "./page-policy.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const model = at("../../examples/train-lightning-qa/model/");
const onnxruntime = fileURLToPath(new URL("./", import.meta.resolve("onnxruntime-web/wasm")));

const onnxruntimeVersion: string = JSON.parse(readFileSync(`${onnxruntime}../package.json`, "utf8")).version;

/** What the page carries beside its code, by the address it has there. */
const carried: Readonly<Record<string, string>> = Object.fromEntries([
  ...[
    "document.txt",
    "questions.json",
    "longformer-qa.ckpt",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
  ].map((file) => [`example/${file}`, `${model}${file}`]),
  ...["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"].map((file) => [`ort/${file}`, `${onnxruntime}${file}`]),
]);

function contentOf(name: string, file: string): string | Buffer {
  return name === "example/document.txt" ? exampleDocument(file) : readFileSync(file);
}

/** As the page asks for them: a browser must not take those of another version from its caches. */
const wasmFiles = Object.keys(carried).flatMap((name) => (name.startsWith("ort/") ? [`${name}?${onnxruntimeVersion}`] : []));

const mediaTypes: Readonly<Record<string, string>> = {
  mjs: "text/javascript",
  wasm: "application/wasm",
  json: "application/json",
  txt: "text/plain",
};

/** The policy in the page, the files beside it, and in the service worker the list of all that has to be kept for a visit without a network. */
function page(): Plugin {
  return {
    name: "page",
    transformIndexHtml: (html) => html.replace("%POLICY%", contentSecurityPolicy),
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const name = (request.url ?? "").slice(1).split("?", 1)[0] ?? "";
        const file = carried[name];
        if (file === undefined) return next();
        response.setHeader("content-type", mediaTypes[file.split(".").at(-1) ?? ""] ?? "application/octet-stream");
        return response.end(contentOf(name, file));
      });
    },
    generateBundle(_, bundle) {
      for (const [name, file] of Object.entries(carried)) this.emitFile({ type: "asset", fileName: name, source: contentOf(name, file) });
      const headers = Object.entries(pageHeaders).map(([name, value]) => `  ${name}: ${value}`);
      // For hosts that read it (Netlify, Cloudflare Pages): the same headers that longspan page sends.
      this.emitFile({ type: "asset", fileName: "_headers", source: `/*\n${headers.join("\n")}\n` });
      const built = Object.values(bundle).filter(({ fileName }) => /^(?:assets\/|index\.html)/.test(fileName));
      const files = [...built.map(({ fileName }) => fileName), ...Object.keys(carried).filter((name) => name.startsWith("example/"))];
      const kept = [...files.filter((name) => !name.endsWith(".html") && !name.endsWith(".map")), "icon.svg", "page.webmanifest"];
      const sum = createHash("sha256");
      for (const output of built) sum.update(output.type === "chunk" ? output.code : output.source);
      for (const output of Object.values(bundle)) {
        if (output.type !== "chunk" || output.fileName !== "service-worker.js") continue;
        output.code =
          `const pageFiles = ${JSON.stringify(["./", ...kept.toSorted()])};\n` +
          `const wasmFiles = ${JSON.stringify(wasmFiles)};\n` +
          `const pageVersion = ${JSON.stringify(sum.digest("hex").slice(0, 12))};\n${output.code}`;
      }
    },
  };
}

const licenses = pageLicenses();

export default defineConfig({
  base: "./",
  define: { onnxruntimeVersion: JSON.stringify(onnxruntimeVersion) },
  plugins: [page(), licenses.ofPage],
  resolve: {
    // The runtime is always given the module: what it would find itself is not built in.
    alias: [{ find: /^onnxruntime-web(?:\/webgpu)?$/, replacement: "onnxruntime-web/wasm" }],
    conditions: ["@longspan/source", "onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"],
  },
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  worker: {
    format: "es",
    plugins: licenses.ofWorkers,
    rolldownOptions: { output: { entryFileNames: "assets/[name]-[hash].js", chunkFileNames: "assets/[name]-[hash].js" } },
  },
  server: { headers: pageHeaders },
  preview: { headers: pageHeaders },
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { page: at("./index.html"), "service-worker": at("./src/offline/service-worker.ts") },
      output: { entryFileNames: ({ name }) => (name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js") },
    },
  },
});
