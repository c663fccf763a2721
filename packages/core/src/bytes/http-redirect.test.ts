import { expect, test } from "vitest";
import { followRedirects } from "./http-redirect.ts";

const redirectedTo = (location: string) => async (target: { readonly url: URL }) =>
  target.url.href === "https://a.example/model" ? new Response(null, { status: 302, headers: { location } }) : new Response("here");
const first = { url: new URL("https://a.example/model"), headers: new Headers() };

test("from https, redirects lead to https only", async () => {
  await expect(followRedirects("model", first, redirectedTo("http://b.example/model"))).rejects.toMatchObject({
    code: "network-failed",
    message: expect.stringContaining("from https to http://b.example/model"),
  });
  expect(await (await followRedirects("model", first, redirectedTo("https://b.example/model"))).text()).toBe("here");
});
