import { expect, test } from "vitest";
import { LongspanError } from "../errors/longspan-error.ts";
import { attempt } from "./attempt.ts";

test.each(["model.bin", "mod\u202eel.bin", `${"long".repeat(200)}.bin`])(
  "a file's name stands once before what is wrong with it: %j",
  async (source) => {
    const fail = (message: string) => async (): Promise<never> => {
      throw new LongspanError("malformed", message);
    };
    const { problem: named } = await attempt(source, fail(`${source} is broken.`));
    expect(named?.message).toBe(new LongspanError("malformed", `${source} is broken.`).message);
    const { problem: unnamed } = await attempt(source, fail("It is broken."));
    expect(unnamed?.message).toBe(new LongspanError("malformed", `${source}: It is broken.`).message);
  },
);
