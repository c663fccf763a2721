// Holds what browsers load of the built packages to its budgets, in every bundler: node tools/release/check-bundles.ts
import { fileURLToPath } from "node:url";
import { bundleBudgets } from "./bundle-budgets.ts";
import { overBudget } from "./bundle-budgets-kept.ts";
import { bundleSizes } from "./bundle-size.ts";

const folder = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");

const rows: Record<string, unknown>[] = [];
const tooLarge: string[] = [];
for (const program of bundleBudgets) {
  const { name, source, budget, laterBudget = "", inOneBudget = "", totalBudget = "" } = program;
  const sizes = await bundleSizes(source, folder, program);
  for (const [bundler, size] of Object.entries(sizes)) {
    rows.push({
      program: name,
      bundler,
      "at first": size.first,
      later: size.later ?? "",
      "in one file": size.inOne ?? "",
      "in all files": size.all,
    });
    const over = overBudget(program, size);
    if (over !== undefined) tooLarge.push(`${name} with ${bundler}: ${over}`);
  }
  rows.push({
    program: name,
    bundler: "budget",
    "at first": budget,
    later: laterBudget,
    "in one file": inOneBudget,
    "in all files": totalBudget,
  });
}
console.log(
  "Bytes of JavaScript, minified and gzipped: what is loaded at first; with what a session loads later; all of it as one file; all files, most of which few programs load.",
);
console.table(rows);
if (tooLarge.length > 0) {
  console.error(
    `Too large: ${tooLarge.join("; ")}. What stands at the top of a module and calls something is kept by bundlers (see /*#__PURE__*/); what few programs need is loaded when they do. See "Weight" in CONTRIBUTING.md.`,
  );
  process.exitCode = 1;
}
