import { afterEach, expect, test, vi } from "vitest";
import { keepSetting, setting } from "./settings.ts";

afterEach(() => vi.unstubAllGlobals());

test("a choice of an earlier visit holds while it is one of the choices", () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  });
  expect(setting("precision", ["float32", "float16"], "float32")).toBe("float32");
  keepSetting("precision", "float16");
  expect(setting("precision", ["float32", "float16"], "float32")).toBe("float16");
  keepSetting("precision", "int3");
  expect(setting("precision", ["float32", "float16"], "float32")).toBe("float32");
});

test("where the browser blocks what sites store, the page goes on without it", () => {
  // What Chromium's and Firefox's getters do where cookies are blocked.
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get() {
      throw new DOMException("Access is denied for this document.", "SecurityError");
    },
  });
  expect(setting("theme", ["system", "dark"], "system")).toBe("system");
  expect(() => keepSetting("theme", "dark")).not.toThrow();
  Reflect.deleteProperty(globalThis, "localStorage");
});
