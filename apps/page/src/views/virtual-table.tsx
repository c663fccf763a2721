import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { narrow } from "../state/appearance.ts";

/** Of a row, in one line of a table. */
const lineHeight = 36;
/** Drawn beyond the edges, so that scrolling shows no gaps. */
const margin = 12;

export interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** The row's cells, one for each column. */
  readonly cells: (row: Row) => readonly ComponentChildren[];
  readonly rowKey: (row: Row) => string;
  readonly isCurrent?: (row: Row) => boolean;
  /** Of a row on a phone, where its cells stand below each other. */
  readonly stackedHeight?: number;
}

/** A table of any length (its roles are said, for a phone lays it out as none): only the rows that can be seen are in the page. */
export function VirtualTable<Row>({
  label,
  columns,
  rows,
  cells,
  rowKey,
  isCurrent,
  stackedHeight = 72,
}: VirtualTableProps<Row>): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(480);
  const stacked = narrow.value;
  const rowHeight = stacked ? stackedHeight : lineHeight;
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => (height.value = element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.min(Math.floor(top.value / rowHeight), rows.length - Math.ceil(height.value / rowHeight)) - margin);
  const last = Math.min(rows.length, first + Math.ceil(height.value / rowHeight) + 2 * margin);
  return (
    <div
      ref={scroller}
      class={stacked ? "table-scroller stacked" : "table-scroller"}
      style={`--row-height: ${rowHeight}px`}
      tabIndex={0}
      role="group"
      aria-label={label}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      <table role="table" aria-rowcount={rows.length + 1}>
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1}>
            {columns.map((column, index) => (
              // Two columns may have one heading.
              // oxlint-disable-next-line react/no-array-index-key
              <th key={index} role="columnheader" scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {first > 0 && <Spacer height={first * rowHeight} columns={columns.length} />}
          {rows.slice(first, last).map((row, index) => (
            <tr key={rowKey(row)} role="row" aria-rowindex={first + index + 2} class={isCurrent?.(row) === true ? "current" : undefined}>
              {cells(row).map((cell, column) => (
                // Cells have no other name than their column's place.
                // oxlint-disable-next-line react/no-array-index-key
                <td key={column} role="cell">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
          {last < rows.length && <Spacer height={(rows.length - last) * rowHeight} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }): JSX.Element {
  return (
    <tr aria-hidden="true">
      <td class="spacer" colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
