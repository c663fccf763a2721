/** Options and variables of the command line and of programs, which a page has none of. */
const otherWay = /--[a-z]|\boption (?:\w+\b|`)|HF_[A-Z]+|`hf auth|longspan extend/;

/** A sentence of the library's without the ways out that only a command line or a program has. */
export function onPage(message: string): string {
  const [what = "", ...more] = message.split(/(?<=[.!?]) (?=[A-Z])/);
  // The first sentence says what happened, whatever way out it goes on with.
  const happened = otherWay.test(what) ? `${what.split(/, (?:or|and) /)[0] ?? ""}.` : what;
  return [happened, ...more].filter((sentence) => !otherWay.test(sentence)).join(" ");
}
