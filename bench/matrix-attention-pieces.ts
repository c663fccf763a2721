// Edits of the text of window attention on matrix units, for `window-variants.ts`: each takes a piece away, and the time that is missing then is what it takes.
// Values are wrong without it. Where the kernel's text changes, so do these: a piece that finds nothing to take away says so.
export const withoutPieces: Readonly<Record<string, (code: string) => string>> = {
  "all of it": (code) => code,
  "without its steps": (code) => code.replace("place < work.keyCount", "place < min(work.keyCount, 0u)"),
  "keys and values staged once": (code) =>
    code.replace(/(step\+\+;\s+workgroupBarrier\(\);)([^]*?)(workgroupBarrier\(\);)/, "$1 if (place == 0u) { $2 } $3"),
  "without products of keys": (code) => code.replaceAll(/subgroupMatrixStore<row_major>\(&scores\[subgroup\], [^;]*products[^;]*;/g, ""),
  "scores stored as numbers, elsewhere": (code) =>
    `${code.replaceAll(
      /subgroupMatrixStore<row_major>\(&scores\[subgroup\], \((\d+)u\) \/ 4u, products, \((\d+)u\) \/ 4u\)/g,
      "subgroupMatrixStore<row_major>(&numbers, subgroup * 1024u + $1u, products, $2u)",
    )}\nvar<workgroup> numbers: array<f32, 4096>;`,
  "without exponentials": (code) => code.replaceAll(/exp2\((scores\d+) - top\)/g, "$1"),
  "scores not read": (code) =>
    code.replaceAll(/bitcast<vec4<f32>>\(scores\[subgroup\]\[score_at \+ \d+u\]\)/g, "vec4<f32>(f32(step + lane))"),
  "probabilities not written": (code) => code.replaceAll(/scores\[subgroup\]\[score_at \+ \d+u\] = vec4<u32>.*/g, ""),
  "without asking whether sums are scaled": (code) =>
    code.replace("if (workgroupUniformLoad(&scaled_step).x == step) {", "workgroupBarrier(); if (false) {"),
  "without products of values": (code) => code.replaceAll(/out_\d+_\d+ = subgroupMatrixMultiplyAccumulate[^;]*;/g, ""),
  "without barriers": (code) => {
    const [before = "", ...steps] = code.split("step++;");
    return `${before}step++;${steps.join("").replaceAll("workgroupBarrier();", "")}`;
  },
};
