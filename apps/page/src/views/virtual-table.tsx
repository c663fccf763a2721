import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";

/** Of a row, as the style sheet has it. */
const rowHeight = 36;
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
}

/** A table of any length: only the rows that can be seen are in the page. */
export function VirtualTable<Row>({ label, columns, rows, cells, rowKey, isCurrent }: VirtualTableProps<Row>): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(480);
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
      class="table-scroller"
      tabIndex={0}
      role="group"
      aria-label={label}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column, index) => (
              // Two columns may have one heading.
              // oxlint-disable-next-line react/no-array-index-key
              <th key={index} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Spacer rows={first} columns={columns.length} />}
          {rows.slice(first, last).map((row, index) => (
            <tr key={rowKey(row)} aria-rowindex={first + index + 2} class={isCurrent?.(row) === true ? "current" : undefined}>
              {cells(row).map((cell, column) => (
                // Cells have no other name than their column's place.
                // oxlint-disable-next-line react/no-array-index-key
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
          {last < rows.length && <Spacer rows={rows.length - last} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ rows, columns }: { readonly rows: number; readonly columns: number }): JSX.Element {
  return (
    <tr aria-hidden="true">
      <td class="spacer" colSpan={columns} style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}
