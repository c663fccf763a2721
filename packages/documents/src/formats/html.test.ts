import { expect, test } from "vitest";
import { htmlText } from "./html.ts";

test.each([
  [
    "without a main part, all but what stands around it",
    "<header>top</header><p>one<p>two<aside>ad</aside><footer>end</footer>",
    "one\n\ntwo",
  ],
  ["a lone article", "<p>before</p><article><header>title</header><p>one</p></article><p>after", "title\n\none"],
  ["several articles", "<article>one</article><article>two</article>", "one\ntwo"],
  ["a main part that is empty says nothing", "<main><script>x()</script></main><p>one", "one"],
  ["a role", '<div role="main"><p>one</div><p>two', "one"],
  [
    "scripts, styles, templates and comments",
    "<style>p{}</style><p>a<!-- no --><script>if (1 < 2) {}</script><template>t</template>b",
    "ab",
  ],
  ["what is hidden", '<p hidden>x<p aria-hidden="true">y<p style="display: none">z<p>a', "a"],
  ["entities, spaces and breaks", "<p> a\n b&amp;c&nbsp;d &lt;<br>e </p>", "a b&c\u00a0d <\ne"],
  ["inline elements do not part words", "<p>un<b>believ</b>able</p>", "unbelievable"],
  ["a table", "<table><tr><td>a<td>b<tr><td>c<td></table>d", "a\tb\nc\n\nd"],
  ["cells that are empty", "<table><tr><td>a<td><td> <td>b<tr><td><td>c</table>", "a\t\t\tb\n\tc"],
  ["a table in a table", "<table><tr><td>a<td><table><tr><td>b<td>c</table><td>d</table>", "a\n\nb\tc\n\nd"],
  ["how characters are pronounced", "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</ruby>", "漢字"],
  ["where words may be broken", "<p>Leucht&shy;turm&#8203;wärter, re<wbr>new", "Leuchtturmwärter, renew"],
  ["text outside of everything", "a", "a"],
  ["nothing", "", ""],
])("%s", async (_, source, expected) => {
  expect((await htmlText(source, "a.html")).text).toBe(expected);
});

test("a page of frames is refused, with the pages in them", async () => {
  const page = '<frameset><frame src="a.html"><frame src="b.html"><noframes><body>Get another browser.</body></noframes></frameset>';
  await expect(htmlText(page, "a.html")).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("(a.html, b.html)"),
  });
});
