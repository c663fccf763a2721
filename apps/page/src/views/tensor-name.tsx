import type { JSX } from "preact";

/** A tensor's name, which may be broken after its dots and nowhere else. */
export function TensorName({ name }: { readonly name: string }): JSX.Element {
  const segments = name.split(".");
  return (
    <code class="tensor-name">
      {segments.flatMap((segment, index) => (index === segments.length - 1 ? [segment] : [`${segment}.`, <wbr key={index} />]))}
    </code>
  );
}
