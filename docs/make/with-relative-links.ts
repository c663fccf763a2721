/**
 * A page of the site whose links from the root (`/assets/…`, `/start.html`, `/reference/`) begin at the page itself. `page` is its path in the site.
 * `links` are the files that they lead to, in the site.
 */
export function withRelativeLinks(html: string, page: string): { readonly html: string; readonly links: readonly string[] } {
  const up = "../".repeat(page.split("/").length - 1) || "./";
  const links: string[] = [];
  const relative = html.replaceAll(/(?<= (?:href|src)=")\/(?!\/)([^"#?]*)/g, (_, path: string) => {
    const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
    links.push(file);
    return up + file;
  });
  return { html: relative, links };
}
