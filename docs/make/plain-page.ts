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

/**
 * Links of pages that lead nowhere, as `page: link`. They may go to the web, and to each other by file name, with a heading's anchor. `pages` are texts by
 * file name; of those without a text only the name is known.
 */
export function brokenLinks(pages: ReadonlyMap<string, string | undefined>): readonly string[] {
  return [...pages].flatMap(([name, page = ""]) => {
    const words = page.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "code");
    return [...words.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^https?:/.test(link)) return [];
      const [, file = "", anchor] = /^(?:\.\/)?([^#]*)(?:#(.*))?$/.exec(link) ?? [];
      const target = pages.get(file === "" ? name : file);
      const found = pages.has(file === "" ? name : file) && (anchor === undefined || target === undefined || headings(target).has(anchor));
      return found ? [] : [`${name}: ${link}`];
    });
  });
}

/** Anchors, as GitHub and the site make them: lower case, words joined by dashes. */
function headings(page: string): ReadonlySet<string> {
  const titles = [...page.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, "")
        .trim()
        .replaceAll(/\s+/g, "-"),
    ),
  );
}
