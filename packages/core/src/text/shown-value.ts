import { boundedText } from "./bounded-text.ts";

/** Characters of a value that a message shows. */
const valueCharacters = 160;

/** Steps into a value: a list of lists of lists … adds one character each. */
const maxSteps = 200;

type Part = { readonly text: string } | { readonly value: unknown };

/** A value out of JSON, spelled as JSON for a message: bounded, whatever its size and depth. */
export function shownValue(value: unknown): string {
  const parts: Part[] = [{ value }];
  let text = "";
  for (let step = 0; step < maxSteps && text.length <= valueCharacters; step++) {
    const part = parts.pop();
    if (part === undefined) return text;
    if ("text" in part) text += part.text;
    else parts.push(...partsOf(part.value).toReversed());
  }
  return parts.length === 0 && text.length <= valueCharacters ? text : `${text.slice(0, valueCharacters)}…`;
}

/** Of a container, a few members: what is beyond them does not fit. */
function partsOf(value: unknown): Part[] {
  if (typeof value === "function") return [{ text: value.name === "" ? "a function" : `the function ${value.name}` }];
  if (typeof value === "string") return [{ text: JSON.stringify(boundedText(value, valueCharacters)) }];
  if (typeof value === "bigint" || typeof value !== "object" || value === null) return [{ text: String(value) }];
  const list = Array.isArray(value);
  const members: Part[][] = list
    ? value.slice(0, valueCharacters).map((item: unknown) => [{ value: item }])
    : firstMembers(value).map(([key, item]) => [{ value: key }, { text: ": " }, { value: item }]);
  const joined = members.flatMap((member, index) => (index === 0 ? member : [{ text: "," }, ...member]));
  return [{ text: list ? "[" : "{" }, ...joined, { text: list ? "]" : "}" }];
}

function firstMembers(value: object): [string, unknown][] {
  const members: [string, unknown][] = [];
  for (const key in value) {
    if (members.length > valueCharacters) break;
    if (Object.hasOwn(value, key)) members.push([key, Reflect.get(value, key)]);
  }
  return members;
}
