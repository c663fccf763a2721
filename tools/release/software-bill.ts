import { Enums, Models, Serialize, Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { bundledInPage, type LockedPackage, lockedPackages } from "./production-tree.ts";

const specification = Spec.Spec1dot6;

/**
 * The software bill of materials of a published package, in the form of CycloneDX 1.6 (JSON): all that is installed with it, and for the command line what is
 * built into its page. The same text each time: it has no date and no number of its own.
 * @param path the package's folder: `packages/core`
 */
export function softwareBill(root: string, path: string): string {
  const locked = lockedPackages(root);
  const own = locked.at(path);
  // onnxruntime-web's file that the page loads has in it what it needs.
  const page = own.name === "longspan" ? bundledInPage(locked) : [];
  const whole = page.filter((each) => locked.at(each).name !== "onnxruntime-web");
  const installed = new Map([...locked.tree([path, ...whole]), ...page.map((each) => [each, locked.at(each)] as const)]);

  // npm may put one version in several places; it is one component.
  const components = new Map<string, Models.Component>();
  for (const each of installed.values()) {
    const kind = each.path === path && own.name === "longspan" ? Enums.ComponentType.Application : Enums.ComponentType.Library;
    if (!components.has(reference(each))) components.set(reference(each), component(each, kind));
  }
  for (const each of installed.values()) {
    const to = components.get(reference(each));
    const needed = [...each.dependencies, ...(each.path === path ? page : [])];
    for (const other of needed) {
      const found = components.get(reference(locked.at(other)));
      if (found !== undefined) to?.dependencies.add(found.bomRef);
    }
  }
  const main = components.get(reference(own));
  components.delete(reference(own));
  const bill = new Models.Bom({
    metadata: new Models.Metadata({ component: main }),
    components: new Models.ComponentRepository(components.values()),
  });
  return new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(specification)).serialize(bill, { sortLists: true, space: 2 });
}

/** What CycloneDX's schema finds wrong with a bill; null when it is valid. */
export async function problemOfBill(bill: string): Promise<string | null> {
  const found = await new Validation.JsonStrictValidator(specification.version).validate(bill);
  return found === null ? null : JSON.stringify(found);
}

/** As purls are: npm's scope is the part before the name. */
function reference({ name, version }: LockedPackage): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function component(each: LockedPackage, kind: Enums.ComponentType): Models.Component {
  const [name = "", group] = each.name.split("/").toReversed();
  const purl = reference(each);
  const hashes = new Models.HashDictionary();
  const [algorithm, sum] = (each.integrity ?? "").split("-", 2);
  if (algorithm === "sha512" && sum !== undefined) hashes.set(Enums.HashAlgorithm["SHA-512"], Buffer.from(sum, "base64").toString("hex"));
  const licence = /^\(.*\)$| (?:AND|OR|WITH) /.test(each.license)
    ? new Models.LicenseExpression(each.license)
    : new Models.SpdxLicense(each.license);
  const licenses = new Models.LicenseRepository([licence]);
  return new Models.Component(kind, name, { group, version: each.version, purl, bomRef: purl, hashes, licenses });
}
