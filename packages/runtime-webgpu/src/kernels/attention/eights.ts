import { halvesCode } from "../parts/float-storage.ts";
import type { AttentionTask } from "./attention-task.ts";
import { halvesReader, lieByEights, type RowForm, vectorReader } from "./vectors.ts";

/** WGSL: `read_query_eight`, `read_key_eight` and `read_value_eight` (start, eight) of a task that reads halves, as `eightsReader` has them. */
export function readEights({ rows, length }: AttentionTask): string {
  const narrows = rows.some(({ form }) => form.storage === "float32");
  return [
    narrows ? halvesCode("float16") : "",
    ...rows.map(
      ({ name, form, start }) => `${eightsReader(`eight_of_${name}`, name, form, length)}
fn read_${name}_eight(start: u32, eight: u32) -> vec4<u32> { return eight_of_${name}(${start}, eight); }`,
    ),
  ].join("\n");
}

/**
 * `fn name(start, eight) -> vec4<u32>`: elements `8 eight … 8 eight + 7` of the row that starts at element `start` and has `length` elements, as float16; one
 * read where they lie so. What lies beyond the row's last eight is not to be asked for. Rows of float32 as in `halvesReader`.
 */
function eightsReader(name: string, buffer: string, form: RowForm, length: number): string {
  if (lieByEights(form, length)) return `fn ${name}(start: u32, eight: u32) -> vec4<u32> { return ${buffer}[(start >> 3u) + eight]; }`;
  const vectors = Math.ceil(length / 4);
  const other = `bitcast<vec2<u32>>(${name}_halves(start, 2u * eight + 1u))`;
  return `${vectorReader(`${name}_vector`, buffer, form, `${length}u`)}
${halvesReader(`${name}_halves`, buffer, form, `${name}_vector`)}
fn ${name}(start: u32, eight: u32) -> vec4<u32> {
  return vec4<u32>(bitcast<vec2<u32>>(${name}_halves(start, 2u * eight)), ${vectors % 2 === 0 ? other : `select(vec2<u32>(), ${other}, 2u * eight + 1u < ${vectors}u)`});
}`;
}
