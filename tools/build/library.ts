import type { Options } from "tsup";

/** The one build recipe of every package: ES modules only, JavaScript only (declarations come from `tsc -b`). */
export function library(entry: Record<string, string>): Options {
  return {
    entry,
    format: "esm",
    target: "es2023",
    platform: "neutral",
    outDir: "dist",
    splitting: true,
    sourcemap: true,
    clean: ["dist/**/*.js", "dist/**/*.js.map"],
    dts: false,
    external: [/^node:/],
  };
}
