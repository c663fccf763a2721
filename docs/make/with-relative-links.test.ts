import { expect, test } from "vitest";
import { withRelativeLinks } from "./with-relative-links.ts";

test("links from the root begin at the page, whatever its depth; others stay", () => {
  const html =
    '<link href="/assets/style.css"><a href="/">h</a><a href="/reference/#x">r</a><a href="/start.html#in-typescript">s</a><a href="//cdn"><a href="https://a/b"><a href="#c"><script src="/assets/app.js">';
  expect(withRelativeLinks(html, "index.html")).toEqual({
    html: '<link href="./assets/style.css"><a href="./index.html">h</a><a href="./reference/index.html#x">r</a><a href="./start.html#in-typescript">s</a><a href="//cdn"><a href="https://a/b"><a href="#c"><script src="./assets/app.js">',
    links: ["assets/style.css", "index.html", "reference/index.html", "start.html", "assets/app.js"],
  });
  expect(withRelativeLinks('<a href="/start.html">', "reference/core/index.html").html).toBe('<a href="../../start.html">');
});
