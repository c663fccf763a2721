import type { TestDevice } from "./test-device.ts";

/** `main` of a kernel, up to its body: the parameters are all that stands between. */
const entry = /@workgroup_size\((\d+)\)\s*fn main\(([^{]*)\)\s*\{/;
const index = /@builtin\(local_invocation_index\)\s*(\w+): u32/;
const id = /@builtin\(local_invocation_id\)\s*(\w+): vec3<u32>/;

/**
 * The same device, with invocations of every workgroup numbered so that its last subgroup counts as the first. Software adapters (Mesa) run a workgroup's
 * subgroups one after the other from barrier to barrier, always in one order: where a barrier is missing, values may be right there every
 * time. They have to be right in the other order, too.
 */
export function withReversedSubgroups(opened: TestDevice): TestDevice {
  const { device, facts } = opened;
  const { subgroups } = facts;
  if (subgroups === undefined || subgroups.minimum !== subgroups.maximum) throw new Error("the order of subgroups needs their size");
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = ({ code, ...rest }) => createShaderModule({ ...rest, code: reversed(code, subgroups.minimum) });
  return opened;
}

function reversed(code: string, lanes: number): string {
  const [head, size, parameters = ""] = entry.exec(code) ?? [];
  if (head === undefined) throw new Error(`there is no main in ${code.slice(0, 200)}`);
  const invocations = Number(size);
  if (invocations % lanes !== 0) throw new Error(`${invocations} invocations are no whole subgroups of ${lanes}`);
  const last = invocations / lanes - 1;
  const place = (given: string): string => `(${last}u - ${given} / ${lanes}u) * ${lanes}u + ${given} % ${lanes}u`;
  const [, lane] = index.exec(parameters) ?? [];
  const [, lane3] = id.exec(parameters) ?? [];
  const given = parameters
    .replace(index, "@builtin(local_invocation_index) given_lane: u32")
    .replace(id, "@builtin(local_invocation_id) given_lanes: vec3<u32>");
  return code.replace(
    head,
    `@workgroup_size(${size}) fn main(${given}) {
  ${lane === undefined ? "" : `let ${lane} = ${place("given_lane")};`}
  ${lane3 === undefined ? "" : `let ${lane3} = vec3<u32>(${place("given_lanes.x")}, 0u, 0u);`}`,
  );
}
