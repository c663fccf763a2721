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
