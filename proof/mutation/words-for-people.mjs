// Tells Stryker what not to change: the sentences and details of errors. That each code is thrown and has its exit code is held by
// `tools/checks`; of the sentences, tests hold what users go by, not every word.

/** Calls whose arguments become a sentence. */
const sentences = new Set(["wrong", "invalid"]);

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "words-for-people",
    value: {
      /** @param {any} path of Babel */
      shouldIgnore(path) {
        if (path.listKey !== "arguments") return undefined;
        const { callee, type } = path.parent;
        const isSentence =
          type === "NewExpression"
            ? callee.name === "LongspanError" && path.key > 0
            : type === "CallExpression" && sentences.has(callee.name);
        return isSentence ? "a sentence for people, or details beside it" : undefined;
      },
    },
  },
];
