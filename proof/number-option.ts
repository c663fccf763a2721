/** The number that an option of a command has; for what is none the command ends with 2. */
export function numberOption(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && number >= 0) return number;
  console.error(`--${name} is a number, not "${text}".`);
  return process.exit(2);
}
