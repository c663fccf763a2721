import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FileSet, LongspanError, memoryFileSet } from "@longspan/core";
import { bytesSource, type Container } from "@longspan/core/adapter";
import { dict } from "@longspan/pickle";
import { formatSafetensorsIndex } from "@longspan/safetensors";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paddle } from "./paddle.ts";
import { file, ndarray } from "../test/build-pickle.ts";
import { expectedOf, fixtureNames, fixturesFolder } from "../test/fixtures.ts";
import { bytesOf, openFile, tensorsOf } from "../test/open-container.ts";
import { foreignOutcomes, outcomeOf } from "../test/outcome.ts";
import { planSafetensors } from "@longspan/safetensors";

const containers = new Map(paddle().containers.map((container) => [container.name, container]));
function named(name: string): Container {
  const container = containers.get(name);
  if (container === undefined) throw new Error(`There is no container ${name}`);
  return container;
}

async function claims(bytes: Uint8Array): Promise<readonly string[]> {
  const source = bytesSource(bytes);
  const found = await Promise.all(
    [...containers.values()].map(async (container) =>
      (await container.detect({ source, head: bytes.subarray(0, 4096) })) === undefined ? [] : [container.name],
    ),
  );
  return found.flat();
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("detection", () => {
  test.each([
    ["torch's legacy stream", "\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019."],
    ["a pickle of torch tensors", "\u0080\u0002}q\u0000X\u0001\u0000\u0000\u0000wctorch._utils\n_rebuild_tensor_v2\n"],
    ["a zip", "PK\u0003\u0004"],
    ["protocol 0", "(dp0\nS'a'\ncnumpy.core.multiarray\n_reconstruct\n"],
    ["protocol 6", "\u0080\u0006}numpy_reconstruct"],
    ["nothing", ""],
    ["zeros", "\u0000".repeat(64)],
    ["text", "version https://git-lfs.github.com/spec/v1"],
    ["an index of torch's shards", '{"weight_map": {"a": "pytorch_model-00001-of-00002.bin"}}'],
    ["a config.json", '{"hidden_size": 8}'],
  ])("claims nothing of %s", async (_, text) => {
    expect(await claims(latin1(text))).toEqual([]);
  });

  test.each(fixtureNames("torch").filter((fixture) => !fixture.endsWith(".safetensors")))("claims nothing of %s", async (fixture) => {
    expect(await claims(new Uint8Array(readFileSync(join(fixturesFolder, fixture))))).toEqual([]);
  });

  test.each([
    ["a pickle of arrays", file({ w: ndarray() }), ["paddle-pickle"]],
    ["a pickle of something", file({ w: 1 }), ["paddle-pickle"]],
    [
      "an index of .pdparams",
      latin1('{\n "metadata": {"total_size": 8},\n "weight_map": {"a\\"b": "model_state-00001-of-00001.pdparams"}}'),
      ["paddle-pickle-sharded"],
    ],
    ["an index of .safetensors", latin1('{"weight_map":{"a":"model-00001-of-00002.safetensors"}}'), ["safetensors-sharded"]],
  ])("claims %s once", async (_, bytes, expected) => {
    expect(await claims(bytes)).toEqual(expected);
  });

  test("bears any bytes", async () => {
    const outcomes: string[] = [];
    const bytes = file({ w: ndarray() });
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (any) => void outcomes.push(await outcomeOf(claims(any)))));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 9), fc.uint8Array({ maxLength: 8 }), async (position, patch) => {
        const changed = bytes.slice();
        changed.set(patch, position);
        outcomes.push(await outcomeOf(claims(changed)));
      }),
    );
    expect(outcomes.filter((outcome) => outcome !== "read")).toEqual([]);
  });
});

/** Opens with one container whatever the bytes, and reads everything. */
async function readAll(container: Container, files: FileSet, fileName: string): Promise<readonly string[]> {
  const source = await files.resolve(fileName);
  if (source === undefined) throw new Error("missing");
  const opened = await container.open({ source, fileName, files });
  const { tensors } = tensorsOf(opened.root);
  try {
    for (const tensor of tensors.values()) {
      await bytesOf(tensor);
    }
  } finally {
    await opened.close();
  }
  return [...tensors.keys()];
}

const readBytes = (container: Container, bytes: Uint8Array): Promise<readonly string[]> =>
  readAll(container, memoryFileSet("folder", { f: bytes }), "f");

describe("damage", () => {
  const small = file({
    a: ndarray(),
    b: ndarray({ raw: new Uint8Array(8).fill(200) }),
    "StructuredToParameterName@@": dict([["a", "w_0"]]),
  });
  const protocolTwo = file({ a: ndarray({ raw: new Uint8Array(8).fill(200) }) }, 2);

  test.each([
    ["protocol 4", small],
    ["protocol 2", protocolTwo],
  ])("a pickle (%s) cut anywhere is refused", async (_, bytes) => {
    const outcomes: string[] = [];
    for (let length = 0; length < bytes.length; length++)
      outcomes.push(await outcomeOf(readBytes(named("paddle-pickle"), bytes.subarray(0, length))));
    expect(foreignOutcomes(outcomes)).toEqual([]);
    expect(outcomes).not.toContain("read");
  });

  test.each([
    ["protocol 4", small],
    ["protocol 2", protocolTwo],
  ])("a pickle (%s) with changed bytes is refused by an error of ours, or read", async (_, bytes) => {
    const outcomes: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = bytes.slice();
        for (const [position, value] of changes) changed[position] = value;
        outcomes.push(await outcomeOf(readBytes(named("paddle-pickle"), changed)));
      }),
      { numRuns: 600 },
    );
    expect(foreignOutcomes(outcomes)).toEqual([]);
    // Both happen: a test in which every change is refused would test little.
    expect(new Set(outcomes).size).toBeGreaterThan(2);
  });

  test.each(fixtureNames("paddle"))("%s cut in half is refused, or has fewer tensors", async (fixture) => {
    const bytes = new Uint8Array(readFileSync(join(fixturesFolder, fixture)));
    const [name] = await claims(bytes);
    let tensors: readonly string[] = [];
    const half = bytes.subarray(0, Math.floor(bytes.length / 2));
    const outcome = await outcomeOf(readBytes(named(name ?? ""), half).then((names) => (tensors = names)));
    expect(foreignOutcomes([outcome])).toEqual([]);
    expect(tensors.length).toBeLessThan(expectedOf(fixture).tensors.length);
  });
});

describe("shards", () => {
  const index = (weightMap: Readonly<Record<string, string>>): Uint8Array =>
    latin1(formatSafetensorsIndex({ metadata: { total_size: 16 }, weight_map: weightMap }));
  const first = "model_state-00001-of-00002.pdparams";
  const second = "model_state-00002-of-00002.pdparams";
  const pdparams = {
    [first]: file({ a: ndarray(), "StructuredToParameterName@@": dict([["a", "a_0"]]) }),
    [second]: file({
      b: ndarray({ raw: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }),
      "StructuredToParameterName@@": dict([["b", "b_0"]]),
    }),
  };
  const complete = { a: first, b: second } as const;
  const open = (files: Readonly<Record<string, Uint8Array>>) => openFile(memoryFileSet("folder", files), "model_state.pdparams.index.json");

  test("are read as one file, their name tables too", async () => {
    const container = await open({ ...pdparams, "model_state.pdparams.index.json": index(complete) });
    const { tensors } = tensorsOf(container.root);
    expect([...tensors.keys()]).toEqual(["a", "b"]);
    const b = tensors.get("b");
    expect.assert(b !== undefined);
    expect([...(await bytesOf(b))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect.assert(typeof container.root === "object" && container.root?.kind === "map");
    expect(container.root.get("StructuredToParameterName@@")).toMatchObject({
      entries: [
        ["a", "a_0"],
        ["b", "b_0"],
      ],
    });
    await container.close();
  });

  test.each([
    ["a missing shard", { [first]: pdparams[first] }, complete, "not-found", "model_state-00002-of-00002.pdparams"],
    ["a path that leaves the folder", pdparams, { a: "../../secret.pdparams" }, "malformed", "secret"],
    ["an absolute path", pdparams, { a: "/etc/passwd.pdparams" }, "malformed", "passwd"],
    ["a URL", pdparams, { a: "https://example.org/x.pdparams" }, "malformed", "example"],
    ["a tensor in the other shard", pdparams, { a: complete.b, b: complete.a }, "malformed", "but the index puts it into"],
    ["a tensor that is nowhere", pdparams, { ...complete, c: complete.a }, "malformed", '"c"'],
    ["a tensor that is not listed", pdparams, { a: complete.a, b2: complete.b }, "malformed", '"b"'],
  ] as const)("%s is refused, and nothing stays open", async (_, files, weightMap, code, why) => {
    let openSources = 0;
    const counting: FileSet = {
      name: "folder",
      async resolve(fileName) {
        const bytes: Uint8Array | undefined = fileName === "index" ? index(weightMap) : files[fileName as keyof typeof files];
        if (bytes === undefined) return undefined;
        openSources++;
        return { ...bytesSource(bytes, fileName), close: async () => void openSources-- };
      },
    };
    const source = bytesSource(index(weightMap));
    const error: unknown = await named("paddle-pickle-sharded")
      .open({ source, fileName: "model_state.pdparams.index.json", files: counting })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code, message: expect.stringContaining(why) as string });
    expect(LongspanError.isInstance(error)).toBe(true);
    expect(openSources).toBe(0);
  });

  test("a damaged shard is refused under its own name", async () => {
    await expect(
      open({ ...pdparams, [second]: pdparams[second].slice(0, 40), "model_state.pdparams.index.json": index(complete) }),
    ).rejects.toMatchObject({
      code: "truncated",
      message: expect.stringContaining(complete.b) as string,
    });
  });
});

describe("safetensors", () => {
  test("whose header's length begins like JSON are no index", async () => {
    const plan = planSafetensors([{ name: "w", dataType: "F32", shape: [2] }], { metadata: { format: "np" } });
    // 123 bytes of header: 0x7b is a brace.
    const json = new TextDecoder().decode(plan.header.subarray(8)).trimEnd().padEnd(123, " ");
    const bytes = new Uint8Array([0x7b, 0, 0, 0, 0, 0, 0, 0, ...latin1(json), ...new Uint8Array(8)]);
    expect(json.length).toBe(123);
    const container = await openFile(memoryFileSet("folder", { "model.safetensors": bytes }), "model.safetensors");
    expect(container.containerName).toBe("safetensors");
    expect([...tensorsOf(container.root).tensors.keys()]).toEqual(["w"]);
  });

  test("types that no tensor can have are left out with the reason", async () => {
    const plan = planSafetensors([{ name: "z", dataType: "C64", shape: [1] }]);
    const container = await openFile(
      memoryFileSet("folder", { "model.safetensors": new Uint8Array([...plan.header, ...new Uint8Array(8)]) }),
      "model.safetensors",
    );
    expect(tensorsOf(container.root).refused.get("z")).toContain("C64");
  });

  test("damage is refused under the file's name", async () => {
    const plan = planSafetensors([{ name: "w", dataType: "F32", shape: [2] }]);
    await expect(
      openFile(memoryFileSet("folder", { "model.safetensors": new Uint8Array([...plan.header, 1]) }), "model.safetensors"),
    ).rejects.toMatchObject({
      message: expect.stringContaining("model.safetensors") as string,
    });
  });
});
