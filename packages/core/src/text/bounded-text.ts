/** Characters of a name that are shown: more than any that a person chose. */
export const shownCharacters = 240;

/** Text of at most `longest` characters: of a longer one the first two thirds and the end, which tells names apart. */
export function boundedText(text: string, longest: number = shownCharacters): string {
  if (text.length <= longest) return text;
  const end = Math.floor(longest / 3);
  return `${text.slice(0, longest - end - 1)}…${text.slice(-end)}`;
}
