/** A run of text between the substitutions of a template literal: where it lies in a module, and whether it is of a shader. */
export interface TemplatePart {
  readonly start: number;
  readonly end: number;
  /** Of a template of several lines, or of one in a substitution of such a template. */
  readonly isShader: boolean;
}

/**
 * A module of TypeScript whose shaders, the template literals of several lines and what stands in their substitutions, have no indentation, no comments and
 * no blanks that separate nothing. Lines stay lines, so that a compiler's message still tells where. What a shader means is untouched: its tokens, and
 * whether there is a blank beside a substitution, are what they were. For modules that keep nothing but shaders in such literals.
 */
export function compactShaders(module: string): string {
  let result = "";
  let at = 0;
  for (const { start, end, isShader } of templateParts(module)) {
    if (!isShader) continue;
    result += module.slice(at, start) + compactShader(module.slice(start, end));
    at = end;
  }
  return result + module.slice(at);
}

/** WGSL, or a part of it: comments that end within it go, and blanks that do not keep two tokens apart; at its ends one blank stays. */
function compactShader(text: string): string {
  const bare = text.replaceAll(/\/\/[^\n]*\n|\/\*[^]*?\*\//g, (comment) => (comment.endsWith("\n") ? "\n" : " "));
  return bare.replaceAll(/\s+/g, (blanks, place: number) => {
    const blank = blanks.includes("\n") ? "\n" : " ";
    const [before, after] = [bare[place - 1], bare[place + blanks.length]];
    if (blank === "\n" || before === undefined || after === undefined) return blank;
    return [/[\w\\]/, /[-+*/%&|^!<>=.]/].some((kind) => kind.test(before) && kind.test(after)) ? blank : "";
  });
}

/** The parts of all template literals of a module, in order. */
export function templateParts(module: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  readCode(module, 0, parts);
  return parts.toSorted((left, right) => left.start - right.start);
}

/** Reads code up to the brace that closes it, or the end of the module. Gives the place behind. */
function readCode(module: string, start: number, parts: TemplatePart[]): number {
  let depth = 0;
  let at = start;
  while (at < module.length) {
    const [skipped] = /^(?:\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/.exec(module.slice(at, at + 20_000)) ?? [""];
    const character = module[at];
    if (skipped !== "") at += skipped.length;
    else if (character === "/" && /[(,=:[!&|?{};]\s*$/.test(module.slice(Math.max(0, at - 100), at))) at = readExpression(module, at);
    else if (character === "`") at = readTemplate(module, at + 1, parts);
    else if (character === "}" && depth === 0) return at + 1;
    else {
      if (character === "{") depth++;
      if (character === "}") depth--;
      at++;
    }
  }
  return at;
}

/** A regular expression. Gives the place behind. */
function readExpression(module: string, start: number): number {
  const [expression = "/"] = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//.exec(module.slice(start)) ?? [];
  return start + expression.length;
}

/** A template literal, from behind the backtick that opens it. Gives the place behind the one that closes it. */
function readTemplate(module: string, start: number, parts: TemplatePart[]): number {
  const own: { readonly start: number; readonly end: number }[] = [];
  const inner: TemplatePart[] = [];
  let at = start;
  let from = start;
  while (at < module.length && module[at] !== "`") {
    if (module[at] === "\\") at += 2;
    else if (module.startsWith("${", at)) {
      own.push({ start: from, end: at });
      at = readCode(module, at + 2, inner);
      from = at;
    } else at++;
  }
  own.push({ start: from, end: at });
  const isShader = own.some((part) => module.slice(part.start, part.end).includes("\n"));
  parts.push(...own.map((part) => ({ ...part, isShader })), ...inner.map((part) => ({ ...part, isShader: isShader || part.isShader })));
  return at + 1;
}
