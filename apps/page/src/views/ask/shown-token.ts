/** Spaces and ends of lines as signs; byte-level tokens begin with Ġ where there is a space. */
export function shownToken(text: string): string {
  return text.replaceAll("Ġ", " ").replaceAll("\n", "↵").trim() || "␣";
}
