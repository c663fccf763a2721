/** A token, or neighbouring tokens, with a label. */
export interface Entity {
  /** As the configuration's `id2label` names it; without `B-` and `I-` where tokens are put together. */
  readonly label: string;
  /** The label's probability; of several tokens, their mean. */
  readonly score: number;
  /** In UTF-16 units of the text. */
  readonly start: number;
  /** Behind its last character, in UTF-16 units of the text. */
  readonly end: number;
  /** `text.slice(start, end)` */
  readonly text: string;
}

/**
 * Puts neighbouring tokens of one label together: `B-PER I-PER` is one PER, a second `B-PER` begins another (transformers 4.57,
 * pipelines/token_classification.py, group_entities).
 */
export function groupEntities(tokens: readonly Entity[], text: string): readonly Entity[] {
  const groups: Entity[][] = [];
  for (const token of tokens) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (last !== undefined && !token.label.startsWith("B-") && tagOf(last.label) === tagOf(token.label)) group?.push(token);
    else groups.push([token]);
  }
  return groups.map((group) => {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) throw new TypeError("a group has a token");
    const score = group.reduce((sum, token) => sum + token.score, 0) / group.length;
    const label = first.label.slice(first.label.indexOf("-") + 1);
    return { label, score, start: first.start, end: last.end, text: text.slice(first.start, last.end) };
  });
}

function tagOf(label: string): string {
  return /^[BI]-/.test(label) ? label.slice(2) : label;
}
