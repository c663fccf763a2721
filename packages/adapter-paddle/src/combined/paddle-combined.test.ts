import { memoryFileSet } from "@longspan/core";
import { dict } from "@longspan/pickle";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combinedTensor, field, message, tensorDescription } from "../../test/build-combined.ts";
import { pickleBytes } from "../../test/build-pickle.ts";
import { bytesOf, openBytes, openFile, tensorsOf } from "../../test/open-container.ts";
import { failureOf, foreignOutcomes, outcomeOf } from "../../test/outcome.ts";
import { paddleCombinedContainer } from "./paddle-combined.ts";

const first = combinedTensor({ elements: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
const second = combinedTensor({ description: tensorDescription(20n, [3n, 1n]), elements: Uint8Array.of(9, 10, 11) });
const both = new Uint8Array([...first, ...second]);
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

async function open(files: Readonly<Record<string, Uint8Array>>) {
  const container = await openFile(memoryFileSet("folder", { "model.pdiparams": both, ...files }), "model.pdiparams");
  const { tensors, refused } = tensorsOf(container.root);
  return { names: [...tensors.keys()], tensors, refused, warnings: container.warnings };
}

function variable(
  name: string,
  { persistable = 1n, type = 7n, shape }: { persistable?: bigint; type?: bigint; shape?: readonly bigint[] } = {},
): number[] {
  const tensor = shape === undefined ? [] : message(3, message(1, tensorDescription(5n, shape)));
  return message(3, message(1, name), message(2, field(1, type), tensor), field(3, persistable));
}

const program = (...variables: readonly number[][]): Uint8Array =>
  Uint8Array.from([...message(1, field(1, 0n), field(2, 0n), ...variables), ...message(4, field(1, 0n))]);
const pir = (...parameters: readonly (readonly [name: string, shape: readonly number[]])[]): Uint8Array =>
  text({
    base_code: { magic: "pir", version: 4 },
    program: {
      regions: [
        {
          blocks: [
            {
              ops: [
                { "#": "1.data", A: ["x"] },
                ...parameters.map(([name, shape]) => ({ "#": "p", A: [0, 1, 1, name], O: { TT: { D: [{}, shape, "NCHW"] } } })),
              ],
            },
          ],
        },
      ],
    },
  });

describe("tensors without names", () => {
  test("are numbered, and the way to name them is told", async () => {
    const { names, tensors, warnings } = await open({});
    expect(names).toEqual(["tensor.0", "tensor.1"]);
    expect(warnings).toEqual([expect.stringContaining('"model.names.json"')]);
    const [one, two] = [...tensors.values()];
    expect.assert(one !== undefined && two !== undefined);
    expect([one.dataType, one.shape, two.dataType, two.shape]).toEqual(["float32", [2], "uint8", [3, 1]]);
    expect([...(await bytesOf(one)), ...(await bytesOf(two))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("have their sequence offsets stepped over, and packed dimensions read", async () => {
    const packed = Uint8Array.from([...field(1, 5n), ...message(2, [2, 1])]);
    const bytes = combinedTensor({ levels: [new Uint8Array(16), new Uint8Array(24)], description: packed });
    const { tensors } = tensorsOf((await openBytes(bytes, "one.pdiparams")).root);
    expect([...tensors.values()].map(({ shape }) => shape)).toEqual([[2, 1]]);
  });

  test("of complex numbers are left out with the reason, and what follows them is read", async () => {
    const complex = combinedTensor({ description: tensorDescription(23n, [1n]) });
    const { names, refused } = await open({
      "model.pdiparams": new Uint8Array([...complex, ...first]),
      "model.names.json": text(["z", "w"]),
    });
    expect(names).toEqual(["w"]);
    expect(refused.get("z")).toContain("COMPLEX64");
  });
});

describe("names from beside the file", () => {
  test("a list of the user's goes before everything", async () => {
    const { names, warnings } = await open({
      "model.names.json": text(["a", "b"]),
      "model.pdmodel": program(variable("x"), variable("y")),
    });
    expect({ names, warnings }).toEqual({ names: ["a", "b"], warnings: [] });
  });

  test("the structured names of .pdiparams.info, in the order of the internal ones", async () => {
    const information = pickleBytes(
      dict([
        [
          "linear_1.b_0",
          dict([
            ["structured_name", "second"],
            ["stop_gradient", false],
          ]),
        ],
        ["linear_0.w_0", dict([["structured_name", "first"]])],
      ]),
    );
    const { names, warnings } = await open({
      "model.pdiparams.info": information,
      "model.pdmodel": program(variable("linear_0.w_0"), variable("linear_1.b_0")),
    });
    expect({ names, warnings }).toEqual({ names: ["first", "second"], warnings: [] });
  });

  test.each([
    [
      ".pdmodel",
      {
        "model.pdmodel": program(
          variable("w_1", { shape: [3n, 1n] }),
          variable("feed", { type: 9n }),
          variable("fetch", { type: 10n }),
          variable("x", { persistable: 0n }),
          variable("w_0", { shape: [2n] }),
        ),
      },
    ],
    ["__model__", { __model__: program(variable("w_1"), variable("w_0")) }],
    [".json of Paddle 3", { "model.json": pir(["w_1", [3, 1]], ["w_0", [2]]) }],
  ] as const)("the persistable variables of %s, sorted, and the warning that they are internal", async (_, files) => {
    const { names, warnings } = await open(files);
    expect(names).toEqual(["w_0", "w_1"]);
    expect(warnings).toEqual([expect.stringContaining("internal ones")]);
  });

  test("are sorted by code point, as Python sorts", async () => {
    const { names } = await open({ "model.pdmodel": program(variable("w_\u{1f600}"), variable("w_\u{fffd}")) });
    expect(names).toEqual(["w_\u{fffd}", "w_\u{1f600}"]);
  });

  test.each([
    ["JSON of something else", "model.json", text({ hidden_size: 2 })],
    ["JSON that is none", "model.json", Uint8Array.of(0x7b)],
  ])("%s is not taken for a program", async (_, name, bytes) => {
    expect((await open({ [name]: bytes })).names).toEqual(["tensor.0", "tensor.1"]);
  });

  test.each([
    ["too few names", { "model.names.json": text(["a"]) }, "names 1 parameters, but model.pdiparams has 2 tensors"],
    ["too many names", { "model.pdmodel": program(variable("a"), variable("b"), variable("c")) }, "names 3 parameters"],
    ["a name twice", { "model.names.json": text(["a", "a"]) }, 'names "a" twice'],
    ["shapes of another model", { "model.json": pir(["w_0", [2]], ["w_1", [1, 3]]) }, 'says that "w_1" has shape [1, 3]'],
    ["a list that is none", { "model.names.json": text({ a: 1 }) }, "is not a JSON list"],
    ["a list of numbers", { "model.names.json": text([1, 2]) }, "not a name"],
    ["a list that is no JSON", { "model.names.json": Uint8Array.of(1) }, "is not JSON"],
    ["a program that is none", { "model.pdmodel": Uint8Array.of(7, 7, 7) }, "is no Paddle program"],
    ["information that is none", { "model.pdiparams.info": pickleBytes(1) }, "is not a pickled dict"],
    ["information without structured names", { "model.pdiparams.info": pickleBytes(dict([["a", 1]])) }, "structured_name"],
  ] as const)("%s is refused, naming the file", async (_, files, why) => {
    const error = await failureOf(open(files));
    expect(error.code).toBe("malformed");
    expect(error.message).toContain(Object.keys(files)[0]);
    expect(error.message).toContain(why);
  });

  test("information that is no pickle is refused as one", async () => {
    expect(await failureOf(open({ "model.pdiparams.info": Uint8Array.of(0x80, 4, 0xff) }))).toMatchObject({ code: "malformed" });
  });
});

describe("damaged", () => {
  const damaged = (bytes: Uint8Array): Promise<unknown> => openFileDirectly(new Uint8Array([...first, ...bytes]));

  test.each([
    ["a version", combinedTensor({ version: 1 }), "malformed", "version 1"],
    ["2^60 levels", combinedTensor({ levelCount: 2n ** 60n }), "malformed", "levels"],
    [
      "a level of 2^40 bytes",
      new Uint8Array([...new Uint8Array(4), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
      "malformed",
      "bytes of sequence offsets",
    ],
    ["a tensor version", combinedTensor({ tensorVersion: 7 }), "malformed", "tensor version 7"],
    ["a negative description", combinedTensor({ descriptionBytes: -1 }), "malformed", "description of -1 bytes"],
    ["a huge description", combinedTensor({ descriptionBytes: 2 ** 31 - 1 }), "malformed", "description of 2147483647 bytes"],
    ["no description", combinedTensor({ description: new Uint8Array(0) }), "malformed", "description of 0 bytes"],
    ["a description that is none", combinedTensor({ description: Uint8Array.of(0xff, 0xff) }), "malformed", "no protocol buffer"],
    ["a description without a type", combinedTensor({ description: tensorDescription(5n, [2n]).slice(2) }), "malformed", "no element type"],
    ["an unknown type", combinedTensor({ description: tensorDescription(99n, [2n]) }), "malformed", "type 99"],
    ["a negative dimension", combinedTensor({ description: tensorDescription(5n, [-1n]) }), "malformed", "dimension -1"],
    ["dimensions beyond 2^53", combinedTensor({ description: tensorDescription(5n, [2n ** 40n, 2n ** 40n]) }), "malformed", "2^53"],
    [
      "seventeen dimensions",
      combinedTensor({
        description: tensorDescription(
          5n,
          Array.from({ length: 17 }, () => 1n),
        ),
      }),
      "malformed",
      "17 dimensions",
    ],
    ["more elements than the file has", combinedTensor({ description: tensorDescription(5n, [3n]) }), "truncated", "needs 12 bytes"],
    ["a header that ends early", combinedTensor().slice(0, 15), "truncated", "where the file ends"],
    [
      "dimensions of another wire type",
      combinedTensor({ description: Uint8Array.from([...field(1, 5n), 0x15, 1, 0, 0, 0]), elements: new Uint8Array(4) }),
      "malformed",
      "not integers",
    ],
  ])("%s", async (_, bytes, code, why) => {
    const error = await failureOf(damaged(bytes));
    expect(error.code).toBe(code);
    expect(error.message).toContain("tensor 1");
    expect(error.message).toContain(why);
  });

  test("cut anywhere, it is refused, but for cuts between tensors", async () => {
    const whole: number[] = [];
    const outcomes: string[] = [];
    for (let length = 0; length < both.length; length++) {
      const outcome = await outcomeOf(openFileDirectly(both.subarray(0, length)));
      outcomes.push(outcome);
      if (outcome === "read") whole.push(length);
    }
    expect(foreignOutcomes(outcomes)).toEqual([]);
    expect(whole).toEqual([0, first.length]);
  });

  test("any byte changed, it is refused by an error of ours, or read", async () => {
    const outcomes: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.nat(both.length - 1), fc.nat(255), async (position, value) => {
        const bytes = both.slice();
        bytes[position] = value;
        outcomes.push(await outcomeOf(openFileDirectly(bytes)));
      }),
      { numRuns: 400 },
    );
    expect(foreignOutcomes(outcomes)).toEqual([]);
  });
});

/** Past detection, which refuses most damage already. */
async function openFileDirectly(bytes: Uint8Array): Promise<void> {
  const files = memoryFileSet("folder", { "m.pdiparams": bytes });
  const source = await files.resolve("m.pdiparams");
  if (source === undefined) throw new Error("missing");
  const container = await paddleCombinedContainer().open({ source, fileName: "m.pdiparams", files });
  for (const tensor of tensorsOf(container.root).tensors.values()) {
    await bytesOf(tensor);
  }
}
