import type { PageServer } from "longspan";
import type { Browser } from "playwright";
import { afterAll, beforeAll } from "vitest";
import { launchChromium, serveBuiltPage } from "./open-page.ts";

export interface BuiltPage {
  readonly server: PageServer;
  readonly browser: Browser;
}

/** The page, served, and a browser for the tests of a file: there while they run. */
export function useBuiltPage(): BuiltPage {
  let built: BuiltPage | undefined;
  beforeAll(async () => {
    built = { server: await serveBuiltPage(), browser: await launchChromium() };
  });
  afterAll(async () => {
    await built?.browser.close();
    await built?.server.close();
  });
  const whenThere = (): BuiltPage => {
    if (built === undefined) throw new Error("the page is served while tests run");
    return built;
  };
  return {
    get server() {
      return whenThere().server;
    },
    get browser() {
      return whenThere().browser;
    },
  };
}
