// Holds what browsers load of the built packages to its budgets, in every bundler: node tools/release/check-bundles.ts
import { fileURLToPath } from "node:url";
import { bundleBudgets } from "./bundle-budgets.ts";
import { bundleSizes } from "./bundle-size.ts";

const folder = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");

const rows: Record<string, Readonly<Record<string, number | string>>> = {};
const tooLarge: string[] = [];
for (const { name, source, budget, total } of bundleBudgets) {
  const sizes = await bundleSizes(source, folder, total !== undefined);
  const texts = Object.entries(sizes).map(([bundler, { first, all }]) => [bundler, `${first} of ${all}`] as const);
  rows[name] = { ...Object.fromEntries(texts), budget: total === undefined ? budget : `${budget} of ${total}` };
  for (const [bundler, { first, all }] of Object.entries(sizes)) {
    if (first > budget) tooLarge.push(`${name} has ${first} bytes with ${bundler}`);
    if (total !== undefined && all > total) tooLarge.push(`${name} has ${all} bytes in all with ${bundler}`);
  }
}
console.log("Bytes of JavaScript, minified and gzipped: what is loaded at first, of all with what is loaded when it is needed.");
console.table(rows);
if (tooLarge.length > 0) {
  console.error(
    `Too large: ${tooLarge.join("; ")}. What stands at the top of a module and calls something is kept by bundlers (see /*#__PURE__*/); what few programs need is loaded when they do. See "Weight" in CONTRIBUTING.md.`,
  );
  process.exitCode = 1;
}
