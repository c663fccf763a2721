import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "oxc-parser";

/** A name that an entry point exports, or that the types of those speak of. */
export interface DeclaredName {
  readonly name: string;
  /** What is declared, without bodies, values and comments: all overloads. */
  readonly text: string;
  /** Whether a comment that begins with two stars and a sentence stands before it. */
  readonly documented: boolean;
  /** Members of an interface or a class before which no such comment stands: `name (path:line)`. */
  readonly undocumentedMembers: readonly string[];
  /** Where it is declared: path from the root and line. */
  readonly place: string;
}

export interface Surface {
  readonly exported: readonly DeclaredName[];
  /** Exported by another package, and handed on: `name from "package"`. */
  readonly handedOn: readonly string[];
  /** Types of the package that the exported ones speak of, and that no entry exports. */
  readonly unnamed: readonly DeclaredName[];
}

/** A node of the syntax tree, as far as it is looked at. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

interface Declaration {
  readonly nodes: readonly Node[];
  readonly documented: boolean;
  readonly line: number;
}

/** Where a name comes from: declared under that name in the file itself, or in the module. */
interface Origin {
  readonly name: string;
  readonly specifier?: string;
}

interface Module {
  readonly path: string;
  readonly text: string;
  readonly comments: readonly { readonly start: number; readonly end: number }[];
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly imports: ReadonlyMap<string, Origin>;
  readonly exports: ReadonlyMap<string, Origin>;
}

/** Reads surfaces of the TypeScript sources under `root`, which name every exported type (`isolatedDeclarations`): nothing needs to be built. */
export function surfaceReader(root: string): (entries: readonly string[]) => ReadonlyMap<string, Surface> {
  const modules = new Map<string, Module>();
  const moduleAt = (path: string): Module => {
    const known = modules.get(path) ?? parseModule(path, readFileSync(join(root, path), "utf8"));
    modules.set(path, known);
    return known;
  };

  /** The module and name that declare what `name` means in `path`; undefined for what comes from elsewhere. */
  function declaring(path: string, origin: Origin): { readonly module: Module; readonly name: string } | undefined {
    const { name, specifier } = origin;
    if (specifier === undefined) {
      const module = moduleAt(path);
      if (module.declarations.has(name)) return { module, name };
      const imported = module.imports.get(name);
      return imported === undefined ? undefined : declaring(path, imported);
    }
    if (!specifier.startsWith(".")) return undefined;
    const target = posix.join(posix.dirname(path), specifier);
    const exported = existsSync(join(root, target)) ? moduleAt(target).exports.get(name) : undefined;
    return exported === undefined ? undefined : declaring(target, exported);
  }

  return (entries) => {
    const everywhere = new Set<string>();
    const surfaces = entries.map((entry) => {
      const found = [...moduleAt(entry).exports].map(([shown, origin]) => ({ shown, origin, declared: declaring(entry, origin) }));
      for (const { declared } of found) if (declared !== undefined) everywhere.add(keyOf(declared));
      return { entry, found };
    });
    return new Map(
      surfaces.map(({ entry, found }) => {
        const declared = found.flatMap((one) => (one.declared === undefined ? [] : [{ shown: one.shown, ...one.declared }]));
        return [
          entry,
          {
            exported: declared.map(({ shown, module, name }) => describe(module, name, shown)),
            handedOn: found.flatMap(({ shown, origin, declared }) =>
              declared === undefined ? [`${shown} from "${origin.specifier ?? "?"}"`] : [],
            ),
            unnamed: unnamedTypes(declared, everywhere, (module, name) => declaring(module.path, { name })),
          },
        ];
      }),
    );
  };
}

interface Place {
  readonly module: Module;
  readonly name: string;
}

function keyOf({ module, name }: Place): string {
  return `${module.path}#${name}`;
}

function unnamedTypes(
  from: readonly Place[],
  exported: ReadonlySet<string>,
  resolve: (module: Module, name: string) => Place | undefined,
): readonly DeclaredName[] {
  const seen = new Map<string, DeclaredName>();
  const pending = [...from];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    for (const name of typesSpokenOf(place)) {
      const target = resolve(place.module, name);
      if (target === undefined || exported.has(keyOf(target)) || seen.has(keyOf(target))) continue;
      seen.set(keyOf(target), describe(target.module, target.name, target.name));
      pending.push(target);
    }
  }
  return [...seen.values()];
}

function describe(module: Module, name: string, shown: string): DeclaredName {
  const declaration = module.declarations.get(name);
  if (declaration === undefined) throw new Error(`${module.path} declares no ${name}`);
  const text = declaration.nodes.map((node) => signature(module, node)).join("\n");
  return {
    name: shown,
    text: name === shown ? text : `${text} // ${name}`,
    documented: declaration.documented,
    undocumentedMembers: declaration.nodes.flatMap((node) => undocumentedMembers(module, node)),
    place: `${module.path}:${declaration.line}`,
  };
}

function undocumentedMembers(module: Module, node: Node): readonly string[] {
  const body = node["body"] as Node | null | undefined;
  if (node.type !== "TSInterfaceDeclaration" && node.type !== "ClassDeclaration") return [];
  return publicMembers(body?.["body"] as readonly Node[]).flatMap((member) => {
    const key = member["key"] as Node | undefined;
    if (key === undefined || member["kind"] === "constructor" || isDocumented(module, member.start)) return [];
    return [`${module.text.slice(key.start, key.end)} (${module.path}:${module.text.slice(0, member.start).split("\n").length})`];
  });
}

/** Whether a comment that begins with two stars and a sentence stands right before. */
function isDocumented({ comments, text }: Pick<Module, "comments" | "text">, start: number): boolean {
  return comments.some(
    (comment) =>
      comment.end <= start &&
      /^\/\*\*[\s*]*[^@\s*/]/.test(text.slice(comment.start, comment.end)) &&
      text.slice(comment.end, start).trim() === "",
  );
}

function publicMembers(members: readonly Node[]): readonly Node[] {
  return members.filter(
    (member) =>
      member["accessibility"] !== "private" &&
      (member["key"] as Node | undefined)?.type !== "PrivateIdentifier" &&
      member.type !== "StaticBlock",
  );
}

function parseModule(path: string, text: string): Module {
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, Origin>();
  const exports = new Map<string, Origin>();
  const declare = (statement: Node, node: Node): readonly string[] => {
    const nodes = node.type === "VariableDeclaration" ? (node["declarations"] as readonly Node[]) : [node];
    return nodes.flatMap((one) => {
      const name = nameOf(one["id"]);
      if (name === undefined) return [];
      const before = declarations.get(name);
      declarations.set(name, {
        nodes: [...(before?.nodes ?? []), one],
        documented: isDocumented({ comments, text }, statement.start) || before?.documented === true,
        line: before?.line ?? text.slice(0, statement.start).split("\n").length,
      });
      return [name];
    });
  };
  for (const statement of program.body as unknown as readonly Node[]) {
    const specifier = (statement["source"] as { readonly value: string } | null | undefined)?.value;
    const inner = statement["declaration"] as Node | null | undefined;
    if (statement.type === "ImportDeclaration" && specifier !== undefined) {
      for (const one of statement["specifiers"] as readonly Node[])
        imports.set(nameOf(one["local"]) ?? "", { name: nameOf(one["imported"]) ?? "default", specifier });
    } else if (statement.type === "ExportNamedDeclaration" && inner !== null && inner !== undefined) {
      for (const name of declare(statement, inner)) exports.set(name, { name });
    } else if (statement.type === "ExportNamedDeclaration") {
      for (const one of statement["specifiers"] as readonly Node[]) {
        const origin: Origin = { name: nameOf(one["local"]) ?? "", ...(specifier === undefined ? {} : { specifier }) };
        exports.set(nameOf(one["exported"]) ?? "", origin);
      }
    } else if (statement.type === "ExportAllDeclaration") {
      throw new Error(`${path}: "export *" hides what is exported. Name each.`);
    } else {
      declare(statement, statement);
    }
  }
  return { path, text, comments, declarations, imports, exports };
}

function nameOf(node: unknown): string | undefined {
  const named = node as { readonly name?: string; readonly value?: string } | null | undefined;
  return named?.name ?? named?.value;
}

/** What stands in a declaration file: no bodies, no values where there is a type, no private members, no comments. */
function signature(module: Module, node: Node): string {
  const cut = (start: number, end: number): string => withoutComments(module, start, end);
  const body = node["body"] as Node | null | undefined;
  if (node.type === "FunctionDeclaration" || node.type === "TSDeclareFunction")
    return cut(node.start, body?.start ?? node.end)
      .replace(/^async /, "")
      .replace(/;?$/, ";");
  if (node.type === "VariableDeclarator") {
    const id = node["id"] as Node;
    return `const ${id["typeAnnotation"] === null || id["typeAnnotation"] === undefined ? cut(node.start, node.end) : cut(id.start, id.end)};`;
  }
  if (node.type !== "ClassDeclaration" || body === null || body === undefined) return cut(node.start, node.end);
  const lines = publicMembers(body["body"] as readonly Node[]).map((member) => {
    const value = member["value"] as Node | null | undefined;
    const end = member.type === "PropertyDefinition" ? value?.start : (value?.["body"] as Node | null | undefined)?.start;
    return `  ${cut(member.start, end ?? member.end).replace(/\s*=?\s*;?$/, ";")}`;
  });
  return [`${cut(node.start, body.start)} {`, ...lines, "}"].join("\n");
}

function withoutComments({ text, comments }: Module, start: number, end: number): string {
  let shown = "";
  let from = start;
  for (const comment of comments) {
    if (comment.start < from || comment.end > end) continue;
    shown += text.slice(from, comment.start);
    from = comment.end;
  }
  shown += text.slice(from, end);
  return shown
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .join("\n");
}

/** Names of types in what `signature` shows. */
function typesSpokenOf({ module, name }: Place): readonly string[] {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one);
    if (typeof value !== "object" || value === null || !("type" in value)) return;
    const node = value as Node;
    if (node["accessibility"] === "private") return;
    if (node.type === "TSTypeReference") rootName(node["typeName"], names);
    if (node.type === "TSInterfaceHeritage" || node.type === "TSClassImplements") rootName(node["expression"], names);
    if (node.type === "TSTypeQuery") rootName(node["exprName"], names);
    for (const [key, child] of Object.entries(node)) {
      if (key === "body" && /Function|StaticBlock/.test(node.type)) continue;
      if ((key === "init" || key === "value") && /^(?:VariableDeclarator|PropertyDefinition)$/.test(node.type)) continue;
      visit(child);
    }
  };
  visit(module.declarations.get(name)?.nodes);
  return [...names];
}

function rootName(node: unknown, names: Set<string>): void {
  const named = node as Node | undefined;
  if (named?.type === "TSQualifiedName") rootName(named["left"], names);
  else if (named?.type === "Identifier") names.add(nameOf(named) ?? "");
}
