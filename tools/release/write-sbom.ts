// Writes the software bill of materials of each published package into out/sbom: npm run sbom. A release has them beside the packages.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockedPackages, publishedFolders } from "./production-tree.ts";
import { problemOfBill, softwareBill } from "./software-bill.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "out/sbom");
mkdirSync(folder, { recursive: true });
for (const path of publishedFolders(root)) {
  const { name, version } = lockedPackages(root).at(path);
  const bill = softwareBill(root, path);
  const problem = await problemOfBill(bill);
  if (problem !== null) {
    console.error(`${name}: CycloneDX's schema refuses the bill: ${problem}`);
    process.exitCode = 1;
    continue;
  }
  const file = `${name.replace("@", "").replace("/", "-")}-${version}.cdx.json`;
  writeFileSync(join(folder, file), bill);
  console.log(`out/sbom/${file}: ${JSON.parse(bill).components?.length ?? 0} components, valid`);
}
