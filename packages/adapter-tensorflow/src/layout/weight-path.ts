/**
 * A weight's path as Keras has it, `longformer/encoder/layer_._0/attention/self/query/kernel:0`, as dotted segments that a layout's
 * rules can name: `longformer.encoder.layer.0.attention.self.query.kernel`. `:0` is the number of an operation's output; `layer_._0`
 * is what transformers calls the first of its layers.
 */
export function dottedName(path: string): string {
  return path
    .replace(/:\d+$/, "")
    .split("/")
    .flatMap((segment) => layerSegment.exec(segment)?.slice(1) ?? [segment])
    .join(".");
}

/** The path of a dotted name: what `dottedName` came from. */
export function weightPath(name: string): string {
  return `${name
    .replace(/(^|\.)layer\.(\d+)(?=\.|$)/g, "$1layer_._$2")
    .split(/\.(?!_\d)/)
    .join("/")}:0`;
}

const layerSegment = /^(layer)_\._(\d+)$/;
