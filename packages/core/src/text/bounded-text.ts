/** Characters of a name that are shown: more than any that a person chose. */
const shownCharacters = 240;

/** Text of at most `maxLength` characters: of a longer one the first two thirds and the end, which tells names apart. */
export function boundedText(text: string, maxLength: number = shownCharacters): string {
  if (text.length <= maxLength) return text;
  const end = Math.floor(maxLength / 3);
  return `${text.slice(0, maxLength - end - 1)}…${text.slice(-end)}`;
}
