// Tells Stryker what not to change, and why.

/** Calls whose arguments become a sentence. */
const sentences = new Set(["wrong", "invalid"]);

/**
 * That each error's code is thrown and has its exit code is held by `tools/checks`; of its sentence, tests hold what users go by, not every word.
 *
 * @param {any} path of Babel
 */
function isSentence({ listKey, key, parent: { callee, type } }) {
  if (listKey !== "arguments") return false;
  if (type === "NewExpression") return callee.name === "LongspanError" && key > 0;
  return type === "CallExpression" && sentences.has(callee.name);
}

/**
 * `list[index] ?? ""` and `const [first = ""] = list` where there always is an element: `noUncheckedIndexedAccess` wants to hear what stands for none.
 *
 * @param {any} path of Babel
 */
function isNeverThere({ key, node, parent }) {
  const isEmpty = (node.type === "StringLiteral" && node.value === "") || (node.type === "ArrayExpression" && node.elements.length === 0);
  if (key !== "right" || !isEmpty) return false;
  if (parent.type === "AssignmentPattern") return true;
  return parent.type === "LogicalExpression" && parent.operator === "??" && parent.left.type === "MemberExpression" && parent.left.computed;
}

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "left-alone",
    value: {
      /** @param {any} path of Babel */
      shouldIgnore(path) {
        if (isSentence(path)) return "a sentence for people, or details beside it";
        return isNeverThere(path) ? "a default that is never used" : undefined;
      },
    },
  },
];
