import type { PickleInput } from "./values.ts";

const defaultLength = 120;
const maxTextLength = 40;
const shownItems = 4;
// A callable that is made by a callable that is made by … adds no text on the way down.
const maxSteps = 200;

type Part = { readonly text: string } | { readonly value: PickleInput };

/**
 * A value in one line for an error message or a log, in Python's spelling: `['a', 1, …]`, `torch.Size((2, 3))`. At most
 * `length` characters (default 120), whatever the value's size and depth, and also where it contains itself.
 */
export function describe(value: PickleInput, length: number = defaultLength): string {
  let line = "";
  const parts: Part[] = [{ value }];
  let steps = 0;
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if ("text" in part) line += part.text;
    else parts.push(...describeParts(part.value).toReversed());
    if (line.length > length || steps++ > maxSteps) return `${line.slice(0, Math.max(length - 1, 0))}…`;
  }
  return line;
}

function describeParts(value: PickleInput): Part[] {
  switch (typeof value) {
    case "boolean":
      return [{ text: value ? "True" : "False" }];
    case "number":
      return [{ text: String(value) }];
    case "bigint":
      return [{ text: describeInteger(value) }];
    case "string":
      return [{ text: quote(value) }];
  }
  if (value === null) return [{ text: "None" }];
  if (value instanceof Uint8Array) return [{ text: `<${value.length} bytes>` }];
  switch (value.kind) {
    case "float":
      return [{ text: String(value.value) }];
    case "bytes":
      return [{ text: `<${value.byteLength} bytes>` }];
    case "payload":
      return [{ text: `<${value.byteLength} bytes>` }];
    case "text":
      return [{ text: `<text of ${value.byteLength} bytes>` }];
    case "list":
      return bracket("[", value.items, "]");
    case "tuple":
      return bracket("(", value.items, value.items.length === 1 ? ",)" : ")");
    case "set":
      return bracket(value.frozen ? "frozenset({" : "{", value.items, value.frozen ? "})" : "}");
    case "dict":
      return [
        { text: "{" },
        ...joined(
          value.entries.slice(0, shownItems).map(([key, item]) => [{ value: key }, { text: ": " }, { value: item }]),
          value.size,
        ),
        { text: "}" },
      ];
    case "global":
      return [{ text: `${shorten(value.module)}.${shorten(value.name)}` }];
    case "object": {
      const contents = [value.entries, value.state].filter((part) => part !== undefined);
      return [{ value: value.callable }, ...bracket("(", [...value.args.slice(0, shownItems + 1), ...contents], ")")];
    }
    default:
      return [{ text: "<persistent id " }, { value: value.id }, { text: ">" }];
  }
}

function bracket(open: string, items: readonly PickleInput[], close: string): Part[] {
  return [
    { text: open },
    ...joined(
      items.slice(0, shownItems).map((value) => [{ value }]),
      items.length,
    ),
    { text: close },
  ];
}

function joined(shown: readonly Part[][], total: number): Part[] {
  const all = total > shown.length ? [...shown, [{ text: "…" }]] : shown;
  return all.flatMap((parts, index) => (index === 0 ? parts : [{ text: ", " }, ...parts]));
}

function quote(text: string): string {
  return `'${shorten(text).replaceAll(/[\n\r\t\\']/g, (character) => escapes[character] ?? character)}'`;
}

const escapes: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\\": "\\\\",
  "'": "\\'",
};

function shorten(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
}

function describeInteger(value: bigint): string {
  // The text of a huge integer costs more than linear time; its size says enough.
  const bits = 1n << 200n;
  return value > -bits && value < bits ? String(value) : "<an integer of more than 200 bits>";
}
