import { expect, test } from "vitest";
import { startDawn } from "./gpu.node.ts";

const failing = (message: string, code?: string) => async (): Promise<never> => {
  throw Object.assign(new Error(message), code === undefined ? {} : { code });
};

test("where the package is not installed, it says what to install", async () => {
  await expect(startDawn(failing("Cannot find package 'webgpu' imported from here", "ERR_MODULE_NOT_FOUND"))).rejects.toMatchObject({
    code: "module-missing",
    message: 'Running on the GPU in Node needs the package "webgpu" (Dawn): npm install webgpu',
  });
});

test.each([
  ["has no library for this system", failing("Cannot find module 'webgpu/dist/sunos-x64/dawn.node'", "MODULE_NOT_FOUND")],
  ["needs a newer one", failing("dawn.node: version `GLIBC_2.99' not found", "ERR_DLOPEN_FAILED")],
  ["does not start", async () => ({ create: () => JSON.parse("no options") })],
] as const)("where it is, but %s, it says why", async (_, importing) => {
  await expect(startDawn(importing)).rejects.toMatchObject({
    code: "module-missing",
    message: expect.stringMatching(/installed, but cannot be loaded \(.*(dawn\.node|JSON).*\)\. Install it again on this system/),
  });
});
