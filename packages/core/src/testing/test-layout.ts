import type { Layout } from "../adapter/layout.ts";
import { parseLongformerConfig } from "../longformer/parse-config.ts";
import { heads } from "../longformer/head.ts";
import { publishedConfigs } from "../longformer/published-configs.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { parseLayoutFile } from "../rules/layout-file.ts";
import { smallConfig } from "./seeded-checkpoint.ts";
import type { TestKit } from "./test-kit.ts";

/** Proves a layout for every head of a small model and of the two published ones: total, injective, exactly invertible. */
export function testLayout({ describe, test, expect }: TestKit, layout: Layout): void {
  describe(`layout ${layout.name}`, () => {
    for (const [name, raw] of Object.entries({ small: smallConfig, ...publishedConfigs })) {
      for (const head of heads) {
        test(`is a bijection for ${name}, head ${head}`, () => {
          const spec = createLongformerSpec(parseLongformerConfig(raw).config, head);
          const compiled = compileLayout(layout, spec);
          expect(compiled.parameters.length).toBe(spec.parameters.length);
          for (const written of compiled.parameters) {
            expect(compiled.ofWritten(written.name)?.parameter.name).toBe(written.parameter.name);
            if (written.transpose) expect(written.parameter.role).toBe("linear");
          }
        });
      }
    }

    test("says the same as a JSON file", () => {
      const { name, rules } = parseLayoutFile(JSON.stringify({ version: 1, ...layout }), `${layout.name}.json`);
      expect({ name, rules }).toEqual({ name: layout.name, rules: layout.rules });
    });
  });
}
