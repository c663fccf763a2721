/** A block of TypeScript in a README. */
export interface ReadmeBlock {
  /** Counted from 1, of the block's first line of code. */
  readonly line: number;
  readonly code: string;
  /**
   * What the text around a block has introduced, as declarations: `<!-- given … -->` right before it, which nobody sees. A block without
   * stands alone: it can be run as it is.
   */
  readonly given: string;
}

/** All blocks marked `ts` of a Markdown file that stand at the margin. */
export function readmeBlocks(markdown: string): readonly ReadmeBlock[] {
  const pattern = /^(?:<!-- given\n(?<given>[\s\S]*?)\n?-->\n+)?```ts\n(?<code>[\s\S]*?)^```$/gm;
  return [...markdown.matchAll(pattern)].map(({ index, groups, 0: whole }) => {
    const { given = "", code = "" } = groups ?? {};
    const before = markdown.slice(0, index + whole.indexOf("```ts\n") + "```ts\n".length);
    return { line: before.split("\n").length, code, given };
  });
}

/**
 * A block as a module: `run(given)` carries it out as it stands, with the values that the text around it has introduced, and returns what it declares at its
 * margin.
 */
export function blockModule({ code, given }: Pick<ReadmeBlock, "code" | "given">): string {
  const imports = /^import [^;]*;.*$/gm;
  const names = [...given.matchAll(/(?:(\w+): |function (\w+))/g)].map(([, value, made]) => value ?? made);
  const declared = [...code.matchAll(/^(?:const (?:\{([^}]*)\}|(\w+))|export function (\w+))/gm)].flatMap(
    ([, several, one, made]) => several?.split(",") ?? one ?? made ?? [],
  );
  return `${(code.match(imports) ?? []).join("\n")}
export async function run({ ${names.join(", ")} }) {
${code.replace(imports, "").replaceAll(/^export (?=function )/gm, "")}
return { ${declared.join(", ")} };
}
`;
}
