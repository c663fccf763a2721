import { Component, h, type FunctionComponent, type VNode } from "preact";

/** A component that is drawn again only when one of its properties is another value (preact/compat's `memo`, without the rest of it). */
export function memo<Props extends object>(draw: FunctionComponent<Props>): FunctionComponent<Props> {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const before: Record<string, unknown> = { ...this.props };
      return Object.entries(next).some(([name, value]) => before[name] !== value);
    }

    override render(): VNode {
      return h(draw as FunctionComponent, this.props);
    }
  }
  return Memo as unknown as FunctionComponent<Props>;
}
