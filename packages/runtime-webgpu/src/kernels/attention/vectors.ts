/**
 * WGSL that reads and writes rows of float32 four elements at a time. Where rows start at multiples of 4 elements, buffers are arrays of
 * `vec4<f32>`; where they do not (head size 3, say), of `f32`, and what lies beyond the row reads as 0 and is not written.
 */

/** The element type of a buffer. */
export function vectorBuffer(aligned: boolean): string {
  return aligned ? "array<vec4<f32>>" : "array<f32>";
}

/** `fn name(start, vector)`: elements `4 vector … 4 vector + 3` of the row that starts at element `start` and has `length` elements. */
export function vectorReader(name: string, buffer: string, aligned: boolean, length: string): string {
  if (aligned) return `fn ${name}(start: u32, vector: u32) -> vec4<f32> { return ${buffer}[(start >> 2u) + vector]; }`;
  return `fn ${name}(start: u32, vector: u32) -> vec4<f32> {
  let at = start + 4u * vector;
  let left = ${length} - 4u * vector;
  return vec4<f32>(
    ${buffer}[at],
    select(0.0, ${buffer}[at + 1u], left > 1u),
    select(0.0, ${buffer}[at + 2u], left > 2u),
    select(0.0, ${buffer}[at + 3u], left > 3u));
}`;
}

/** `fn name(start, vector, value)`. */
export function vectorWriter(name: string, buffer: string, aligned: boolean, length: string): string {
  if (aligned) return `fn ${name}(start: u32, vector: u32, value: vec4<f32>) { ${buffer}[(start >> 2u) + vector] = value; }`;
  return `fn ${name}(start: u32, vector: u32, value: vec4<f32>) {
  let at = start + 4u * vector;
  let left = ${length} - 4u * vector;
  ${buffer}[at] = value.x;
  if (left > 1u) { ${buffer}[at + 1u] = value.y; }
  if (left > 2u) { ${buffer}[at + 2u] = value.z; }
  if (left > 3u) { ${buffer}[at + 3u] = value.w; }
}`;
}
