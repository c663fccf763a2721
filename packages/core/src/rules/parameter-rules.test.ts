import { describe, expect, test } from "vitest";
import { sample } from "../../test/sample-model.ts";
import { heads } from "../longformer/head.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "./compile-layout.ts";
import { parameterRules, type ParameterNames } from "./parameter-rules.ts";

const names: ParameterNames = {
  linear: { weight: "kernel", transposed: true },
  normalization: { weight: "gamma", bias: "beta" },
  embedding: { weight: "table" },
};

/** What a parameter of each role is called there. */
const called = { linear: "kernel", bias: "bias", embedding: "table" } as const;

describe.each(heads)("head %s", (head) => {
  const spec = createLongformerSpec(sample({ tie_word_embeddings: false }), head);

  test("each parameter is called what its role is, linear weights alone are turned", () => {
    const { parameters } = compileLayout({ name: "named", rules: parameterRules(names) }, spec);
    expect(parameters.map(({ name, transpose }) => [name, transpose])).toEqual(
      spec.parameters.map(({ name, role }) => {
        const cut = name.lastIndexOf(".");
        const [module, last] = [name.slice(0, cut), name.slice(cut + 1)];
        const own = role === "normalization" ? (last === "weight" ? "gamma" : "beta") : called[role];
        return [`${module}.${own}`, role === "linear"];
      }),
    );
  });

  test("nothing is turned where linear weights lie as they are", () => {
    const rules = parameterRules({ ...names, linear: { weight: "weight", transposed: false } });
    const { parameters } = compileLayout({ name: "named", rules }, spec);
    expect(parameters.filter(({ transpose }) => transpose)).toEqual([]);
    expect(parameters.filter(({ parameter }) => parameter.role === "linear").every(({ name }) => name.endsWith(".weight"))).toBe(true);
  });
});
