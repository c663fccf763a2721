import { standardOperations } from "@longspan/core/graph";
import { expect, test } from "vitest";
import { operationsPage } from "./operations-page.ts";

test("the catalogue shows every operation with its inputs, attributes, rules and an example", () => {
  const page = operationsPage();
  expect([...page.matchAll(/^## (.*)$/gm)].map(([, name]) => name)).toEqual(Array.from(standardOperations.keys(), String).toSorted());
  expect(page.slice(page.indexOf("## activation"), page.indexOf("## add"))).toMatchInlineSnapshot(`
    "## activation

    \`\`\`text
    out = function(x), element by element
    \`\`\`

    | input | data types | |
    |---|---|---|
    | x | float32 | |

    | attribute | what it is | |
    |---|---|---|
    | function | one of gelu, gelu-tanh, relu, silu, sigmoid, tanh | |

    For example

    \`\`\`text
    activation(x: float32[batch, sequence, 12], function: "gelu") → float32[batch, sequence, 12]
    \`\`\`

    "
  `);
  expect(page).toContain("layerNormalization(x: float32[");
});
