/**
 * A list of names among a group's attributes, as Keras writes it (tf_keras/src/saving/legacy/hdf5_format.py,
 * `save_attributes_to_hdf5_group`): under its name, or cut into pieces `name0`, `name1`, … where it is too long for one attribute.
 */
export function nameList(attributes: ReadonlyMap<string, readonly string[]> | undefined, name: string): readonly string[] | undefined {
  const whole = attributes?.get(name);
  if (attributes === undefined || whole !== undefined) return whole;
  const names: string[] = [];
  for (let piece = 0; ; piece++) {
    const part = attributes.get(`${name}${piece}`);
    if (part === undefined) return piece === 0 ? undefined : names;
    for (const one of part) names.push(one);
  }
}
