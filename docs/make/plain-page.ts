/** A file that a page takes in whole. */
export interface IncludedFile {
  readonly language: string;
  readonly code: string;
}

/** A page of the site as Markdown that reads by itself: files that it takes in (`<<< path`) stand in it, and links to the reference are words. */
export function plainPage(page: string, read: (path: string) => IncludedFile): string {
  return page
    .replaceAll(/^<<< (\S+)$/gm, (_, path: string) => {
      const { language, code } = read(path);
      return `\`\`\`${language}\n${code.trimEnd()}\n\`\`\``;
    })
    .replaceAll(/\[([^\]]+)\]\(\.\/reference\/[^)]*\)/g, "$1")
    .replaceAll(/^<!-- given\n[\s\S]*?-->\n+/gm, "");
}
