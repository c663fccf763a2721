import type { LongspanError } from "@longspan/core";
import { type PickleInput, dict, global, list, reduce, tuple } from "@longspan/pickle";
import { describe, expect, test } from "vitest";
import { dtype, file, latin1, ndarray, pickleBytes } from "../../test/build-pickle.ts";
import { bytesOf, openBytes, tensorsOf } from "../../test/open-container.ts";
import { failureOf } from "../../test/outcome.ts";

const failure = (bytes: Uint8Array): Promise<LongspanError> => failureOf(openBytes(bytes));

const slices = (description: PickleInput): Uint8Array =>
  file({
    "w@@.0": ndarray(),
    "w@@.1": ndarray(),
    flat: ndarray({ shape: tuple(1, 2) }),
    wide: ndarray({ element: dtype("f8"), shape: tuple(1) }),
    "UnpackBigParamInfor@@": description,
  });
const described = (names: readonly string[], shape: PickleInput): PickleInput =>
  dict([
    ["OriginShape", shape],
    ["slices", list(names)],
  ]);

describe("refused, with the tensor's name", () => {
  const cases: readonly (readonly [what: string, bytes: Uint8Array, message: string])[] = [
    [
      "fewer elements than the shape",
      file({ weight: ndarray({ shape: tuple(3) }) }),
      "8 bytes of elements, but its shape [3] of float32 needs 12",
    ],
    ["more elements than the shape", file({ weight: ndarray({ shape: tuple(1) }) }), "8 bytes"],
    ["elements for no shape", file({ weight: ndarray({ shape: tuple(0, 7) }) }), "8 bytes"],
    ["a state of a version that numpy does not know", file({ weight: ndarray({ version: 2 }) }), "version"],
    ["a state whose version is none", file({ weight: ndarray({ version: "1" }) }), "version"],
    ["a negative dimension", file({ weight: ndarray({ shape: tuple(-1, -2) }) }), "integers"],
    ["a dimension beyond 2^53", file({ weight: ndarray({ shape: tuple(2n ** 60n) }) }), "integers"],
    ["dimensions whose product is beyond 2^53", file({ weight: ndarray({ shape: tuple(2 ** 30, 2 ** 30, 2 ** 30) }) }), "2^53"],
    ["a fractional dimension", file({ weight: ndarray({ shape: tuple(1.5) }) }), "integers"],
    ["a boolean dimension", file({ weight: ndarray({ shape: tuple(true, 2) }) }), "integers"],
    ["65 dimensions", file({ weight: ndarray({ shape: tuple(...Array.from({ length: 65 }, () => 1)) }) }), "65 dimensions"],
    ["a shape that is a list", file({ weight: ndarray({ shape: list([2]) }) }), "no shape"],
    ["a shape that is a number", file({ weight: ndarray({ shape: 2 }) }), "no shape"],
    ["no data type", file({ weight: ndarray({ element: "f4" }) }), "no numpy.dtype"],
    [
      "a data type of another class",
      file({ weight: ndarray({ element: reduce(global("os", "system"), ["f4", false, true]) }) }),
      "no numpy.dtype",
    ],
    ["elements that are a number", file({ weight: ndarray({ raw: 8 }) }), "no bytes"],
    ["elements that are None", file({ weight: ndarray({ raw: null }) }), "no bytes"],
    ["a list of elements under a plain type", file({ weight: ndarray({ raw: list([1, 2]) }) }), "no bytes"],
    ["elements from another call", file({ weight: ndarray({ raw: reduce(global("os", "getenv"), ["HOME"]) }) }), "no bytes"],
    [
      "elements in another encoding",
      file({ weight: ndarray({ raw: reduce(global("_codecs", "encode"), ["aaaaaaaa", "utf-16"]) }) }),
      "no bytes",
    ],
    [
      "Latin-1 text with a character above U+00FF",
      file({ weight: ndarray({ raw: latin1("\u0000\u0000\u0000Ā\u0000\u0000\u0000\u0000") }) }),
      "no bytes",
    ],
    ["Latin-1 text that is too short", file({ weight: ndarray({ raw: latin1("\u00ff\u00ff") }) }), "2 bytes"],
    ["an order that is text", file({ weight: ndarray({ fortran: "F" }) }), "Fortran"],
    [
      "no state",
      file({ weight: reduce(global("numpy.core.multiarray", "_reconstruct"), [global("numpy", "ndarray"), tuple(0), "b"]) }),
      "lacks its state",
    ],
    [
      "a state of three parts",
      file({
        weight: reduce(global("numpy.core.multiarray", "_reconstruct"), [global("numpy", "ndarray"), tuple(0), "b"], {
          state: tuple(1, tuple(2), dtype("f4")),
        }),
      }),
      "lacks its state",
    ],
    [
      "a state that is a dict",
      file({
        weight: reduce(global("numpy.core.multiarray", "_reconstruct"), [global("numpy", "ndarray"), tuple(0), "b"], { state: dict([]) }),
      }),
      "lacks its state",
    ],
    [
      "a buffer in an unknown order",
      file({ weight: reduce(global("numpy.core.numeric", "_frombuffer"), [new Uint8Array(8), dtype("f4"), tuple(2), "A"]) }),
      "unknown order",
    ],
    [
      "an axis order that is no permutation",
      file({
        weight: reduce(global("numpy._core.numeric", "_frombuffer"), [new Uint8Array(8), dtype("f4"), tuple(1, 2), "K", tuple(0, 0)]),
      }),
      "axis order",
    ],
    [
      "an axis order of another length",
      file({ weight: reduce(global("numpy._core.numeric", "_frombuffer"), [new Uint8Array(8), dtype("f4"), tuple(1, 2), "K", tuple(0)]) }),
      "axis order",
    ],
  ];
  test.each(cases)("%s", async (_, bytes, message) => {
    const error = await failure(bytes);
    expect(error.code).toBe("tensor-invalid");
    expect(error.message).toContain('"weight"');
    expect(error.message).toContain(message);
  });
});

describe("slices of a large parameter", () => {
  const cases: readonly (readonly [what: string, bytes: Uint8Array, message: string])[] = [
    ["a missing slice", slices(dict([["w", described(["w@@.0", "w@@.2"], tuple(4))]])), '"w@@.2" of "w", which is missing'],
    ["a slice used twice", slices(dict([["w", described(["w@@.0", "w@@.0"], tuple(4))]])), 'slice "w@@.0" for "w" and again for "w"'],
    [
      "a slice of two parameters",
      slices(
        dict([
          ["w", described(["w@@.0"], tuple(2))],
          ["v", described(["w@@.0"], tuple(2))],
        ]),
      ),
      'for "w" and again for "v"',
    ],
    ["the wrong shape", slices(dict([["w", described(["w@@.0", "w@@.1"], tuple(5))]])), "4 elements together for the shape [5]"],
    ["a negative shape", slices(dict([["w", described(["w@@.0", "w@@.1"], tuple(-2, -2))]])), "shape"],
    ["a shape that is text", slices(dict([["w", described(["w@@.0"], "2")]])), "OriginShape"],
    ["no slices", slices(dict([["w", described([], tuple(0))]])), "no slices"],
    ["a slice that is a matrix", slices(dict([["w", described(["flat"], tuple(2))]])), "2 dimensions"],
    ["slices of two types", slices(dict([["w", described(["w@@.0", "wide"], tuple(3))]])), "different data types"],
    ["the description naming itself", slices(dict([["w", described(["UnpackBigParamInfor@@"], tuple(2))]])), "no tensor"],
    ["a description that is a list", slices(list(["w"])), "not a dict"],
    ["a description of names that are numbers", slices(dict([[1, described(["w@@.0"], tuple(2))]])), "names to dicts"],
  ];
  test.each(cases)("%s is refused", async (_, bytes, message) => {
    const error = await failure(bytes);
    expect(error.code).toBe("tensor-invalid");
    expect(error.message).toContain(message);
  });

  test("are joined in the order of the description, lazily, where the first stood", async () => {
    const bytes = file({
      first: ndarray(),
      "w@@.1": ndarray({ raw: Uint8Array.of(9, 10, 11, 12, 13, 14, 15, 16) }),
      "w@@.0": ndarray({ raw: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }),
      last: ndarray(),
      "UnpackBigParamInfor@@": dict([["w", described(["w@@.0", "w@@.1"], tuple(2, 2))]]),
    });
    const { tensors } = tensorsOf((await openBytes(bytes)).root);
    expect([...tensors.keys()]).toEqual(["first", "w", "last"]);
    const joined = tensors.get("w");
    expect.assert(joined !== undefined);
    expect(joined.shape).toEqual([2, 2]);
    expect([...(await bytesOf(joined))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });
});

describe("left out, with the reason", () => {
  const cases: readonly (readonly [what: string, value: PickleInput, reason: string])[] = [
    ["Python objects", ndarray({ element: dtype("O8", "|"), raw: list([null, "a"]) }), "Python objects"],
    ["complex numbers", ndarray({ element: dtype("c8"), shape: tuple(1) }), "complex"],
    ["text", ndarray({ element: dtype("U2"), shape: tuple(1) }), "text"],
    ["dates", ndarray({ element: dtype("M8"), shape: tuple(1) }), "dates"],
    ["a type that does not exist", ndarray({ element: dtype("q9") }), '"q9"'],
    ["a structured type", ndarray({ element: dtype("V8", "|", [null, tuple("a", "b"), dict([]), 8, 1, 16]) }), "structured"],
    ["a type of subarrays", ndarray({ element: dtype("V8", "|", [tuple(dtype("f4"), tuple(2)), null, null, 8, 1, 16]) }), "structured"],
    ["an unknown byte order", ndarray({ element: dtype("f4", "?") }), "byte order"],
    ["a subclass of ndarray", ndarray({ className: ["numpy", "matrix"] }), "numpy.matrix"],
    ["another class altogether", ndarray({ className: ["os", "system"] }), "os.system"],
  ];
  test.each(cases)("%s", async (_, value, reason) => {
    const { tensors, refused } = tensorsOf((await openBytes(file({ odd: value, weight: ndarray() }))).root);
    expect([...tensors.keys()]).toEqual(["weight"]);
    expect(refused.get("odd")).toContain(reason);
  });
});

describe("nothing is executed", () => {
  const system = reduce(global("os", "system"), ["echo"]);
  const cases: readonly (readonly [what: string, value: PickleInput])[] = [
    ["os.system", system],
    ["eval of another text", reduce(global("builtins", "eval"), ["data.clear()", dict([["data", ndarray()]])])],
    [
      "eval with more than one variable",
      reduce(global("builtins", "eval"), [
        "data",
        dict([
          ["data", ndarray()],
          ["x", 1],
        ]),
      ]),
    ],
    ["eval without the variable", reduce(global("builtins", "eval"), ["data", dict([["dat", ndarray()]])])],
    ["eval without variables", reduce(global("builtins", "eval"), ["data"])],
    ["eval with a third argument", reduce(global("builtins", "eval"), ["data", dict([["data", ndarray()]]), dict([])])],
    ["eval of a call", reduce(global("builtins", "eval"), ["data", dict([["data", system]])])],
    ["a call of a call", reduce(reduce(global("builtins", "getattr"), [global("os", "path"), "join"]), [])],
    ["a dotted name", reduce(global("builtins", "eval.__call__"), ["data", dict([["data", ndarray()]])])],
  ];
  test.each(cases)("%s is no tensor and does no harm", async (_, value) => {
    const { tensors } = tensorsOf((await openBytes(file({ odd: value, weight: ndarray() }))).root);
    expect([...tensors.keys()]).toEqual(["weight"]);
  });

  test("eval of itself is no tensor and does no harm", async () => {
    // {"odd": x} where x = eval("data", d) and d = {"data": x}, and behind it a word that makes the file look like Paddle's.
    const program =
      "\u0080\u0004}(\u008c\u0003oddcbuiltins\neval\n\u008c\u0004data}q\u0000\u0086Rq\u0001h\u0000\u008c\u0004datah\u0001s0\u008c\u001bStructuredToParameterName@@}u.";
    const { root } = await openBytes(Uint8Array.from(program, (character) => character.charCodeAt(0)));
    expect.assert(typeof root === "object" && root?.kind === "map");
    expect(root.get("odd")).toMatchObject({ kind: "opaque", className: "builtins.eval" });
  });

  test("the one eval that Paddle writes is its argument", async () => {
    const data = reduce(global("builtins", "eval"), ["data", dict([["data", ndarray({ raw: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })]])]);
    const weight = tensorsOf((await openBytes(file({ weight: data }))).root).tensors.get("weight");
    expect.assert(weight !== undefined);
    expect([...(await bytesOf(weight))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("keys that JavaScript gives a meaning to are keys", async () => {
    const { tensors } = tensorsOf(
      (await openBytes(file({ ["__proto__"]: ndarray(), constructor: ndarray(), toString: ndarray(), "": ndarray() }))).root,
    );
    expect([...tensors.keys()].length).toBe(4);
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("kind");
  });
});

describe("legal, though strange", () => {
  test("values inside themselves, and 2^40 leaves by reference, open in no time", async () => {
    const loop = { kind: "list" as const, items: [] as PickleInput[] };
    loop.items.push(loop, ndarray());
    let bomb: PickleInput = list([ndarray()]);
    for (let level = 0; level < 40; level++) bomb = list([bomb, bomb]);
    const { root } = await openBytes(file({ weight: ndarray(), loop, bomb }));
    expect(tensorsOf(root).tensors.size).toBe(3);
  });

  test("more than a thousand levels are refused by name of the limit", async () => {
    let deep: PickleInput = ndarray();
    for (let level = 0; level < 1100; level++) deep = list([deep]);
    expect((await failure(file({ weight: ndarray(), deep }))).code).toBe("limit-exceeded");
  });

  test("one array under two names is one storage, and each has its own name", async () => {
    const shared = ndarray();
    const { tensors } = tensorsOf((await openBytes(file({ first: shared, second: shared, other: ndarray() }))).root);
    expect(tensors.get("first")?.storage.identity).toBe(tensors.get("second")?.storage.identity);
    expect(tensors.get("first")?.storage.identity).not.toBe(tensors.get("other")?.storage.identity);
    expect([tensors.get("first")?.name, tensors.get("second")?.name]).toEqual(["first", "second"]);
  });

  test("a pair's own name gives way to the key", async () => {
    const { tensors } = tensorsOf(
      (await openBytes(file({ weight: reduce(global("builtins", "tuple"), [tuple("linear_0.w_0", ndarray())]) }))).root,
    );
    expect(tensors.get("weight")?.name).toBe("weight");
  });

  test("a name table that names what is not there is told", async () => {
    const container = await openBytes(
      file({
        weight: ndarray(),
        "StructuredToParameterName@@": dict([
          ["weight", "w_0"],
          ["bias", "b_0"],
        ]),
      }),
    );
    expect(container.warnings).toEqual([expect.stringContaining('1 parameters that are not in the file ("bias")')]);
    expect(tensorsOf(container.root).tensors.size).toBe(1);
  });

  test("bytes behind the pickle are told", async () => {
    const container = await openBytes(new Uint8Array([...file({ weight: ndarray() }), 1, 2, 3]));
    expect(container.warnings).toEqual([expect.stringContaining("3 bytes after the pickle")]);
  });

  test("every uint16 is bfloat16, which is told", async () => {
    const container = await openBytes(file({ weight: ndarray({ element: dtype("u2"), shape: tuple(4) }) }));
    expect(tensorsOf(container.root).tensors.get("weight")?.dataType).toBe("bfloat16");
    expect(container.warnings).toEqual([expect.stringContaining("read as bfloat16")]);
  });

  test("the types of ml_dtypes are known by their class", async () => {
    const container = await openBytes(file({ weight: ndarray({ element: dtype(global("ml_dtypes", "bfloat16"), "<"), shape: tuple(4) }) }));
    expect(tensorsOf(container.root).tensors.get("weight")?.dataType).toBe("bfloat16");
    expect(container.warnings).toEqual([]);
  });

  test.each([
    ["big endian", { element: dtype("i2", ">"), shape: tuple(2, 2) }, [2, 1, 4, 3, 6, 5, 8, 7]],
    ["in Fortran order", { element: dtype("u1", "|"), shape: tuple(2, 4), fortran: true }, [1, 3, 5, 7, 2, 4, 6, 8]],
    ["big endian in Fortran order", { element: dtype("i2", ">"), shape: tuple(2, 2), fortran: true }, [2, 1, 6, 5, 4, 3, 8, 7]],
    ["without elements", { shape: tuple(0, 3), raw: new Uint8Array(0) }, []],
    ["a scalar", { element: dtype("i8"), shape: tuple() }, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["of numpy 2", { module: "numpy._core.multiarray" }, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["of Python 2, whose bytes are short text", { raw: "\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008" }, [1, 2, 3, 4, 5, 6, 7, 8]],
  ])("an array %s", async (_, parts, expected) => {
    const bytes = file({ weight: ndarray({ raw: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), ...parts }) });
    const weight = tensorsOf((await openBytes(bytes)).root).tensors.get("weight");
    expect.assert(weight !== undefined);
    expect([...(await bytesOf(weight))]).toEqual(expected);
  });

  test("an axis order (protocol 5) is a view", async () => {
    const value = reduce(global("numpy._core.numeric", "_frombuffer"), [
      Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      dtype("u1", "|"),
      tuple(2, 1, 4),
      "K",
      tuple(2, 0, 1),
    ]);
    const weight = tensorsOf((await openBytes(file({ weight: value }))).root).tensors.get("weight");
    expect.assert(weight !== undefined);
    expect(weight.shape).toEqual([4, 2, 1]);
    expect([...(await bytesOf(weight))]).toEqual([1, 5, 2, 6, 3, 7, 4, 8]);
  });

  test("numpy's scalars are the numbers they are", async () => {
    const scalar = (code: string, raw: Uint8Array): PickleInput => reduce(global("numpy.core.multiarray", "scalar"), [dtype(code), raw]);
    const { root } = await openBytes(
      file({
        weight: ndarray(),
        rate: scalar("f8", new Uint8Array(new Float64Array([0.5]).buffer)),
        step: scalar("i8", Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0)),
      }),
    );
    expect.assert(typeof root === "object" && root?.kind === "map");
    expect([root.get("rate"), root.get("step")]).toEqual([0.5, 3n]);
  });
});

test("a file that is one pair is one tensor with the pair's name", async () => {
  const { tensors } = tensorsOf((await openBytes(pickleBytes(tuple("linear_0.w_0", ndarray())))).root);
  expect([...tensors.values()].map(({ name }) => name)).toEqual(["linear_0.w_0"]);
});
