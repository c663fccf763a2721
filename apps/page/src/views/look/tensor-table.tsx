import { useComputed, useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Inspection, TensorRow } from "../../protocol/calls.ts";
import type { ModelPlace } from "../../protocol/model-place.ts";
import { oneColumn } from "../../state/appearance.ts";
import { texts } from "../../texts/language.ts";
import { bytes, count } from "../../texts/numbers.ts";
import { TensorName } from "../tensor-name.tsx";
import { VirtualTable } from "../virtual-table.tsx";
import { TensorDetails } from "./tensor-details.tsx";

export interface TensorTableProps {
  readonly inspection: Inspection;
  readonly place: ModelPlace;
}

/** The tensors, searchable by any of their names; one of them in detail. */
export function TensorTable({ inspection, place }: TensorTableProps): JSX.Element {
  const words = texts.value.look;
  const wanted = useSignal("");
  const chosen = useSignal<TensorRow | undefined>(undefined);
  const id = useId();
  const search = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLButtonElement | undefined>(undefined);
  const rows = useComputed(() => {
    const parts = wanted.value
      .toLowerCase()
      .split(/\s+/)
      .filter((part) => part !== "");
    return inspection.tensors.filter((row) => {
      const names = [row.name, row.canonicalName ?? "", ...Object.values(row.otherNames)].join("\n").toLowerCase();
      return parts.every((part) => names.includes(part));
    });
  });
  const table =
    rows.value.length === 0 ? (
      <p key="table" class="muted">
        {words.nothing}
      </p>
    ) : (
      <VirtualTable
        key="table"
        label={words.tensors}
        columns={[words.columns.name, words.columns.shape, words.columns.type, words.columns.size, words.columns.canonical]}
        rows={rows.value}
        rowKey={(row) => row.name}
        isCurrent={(row) => row === chosen.value}
        cells={(row) => [
          <button
            type="button"
            class="name"
            aria-pressed={row === chosen.value}
            title={row.name}
            onClick={(event) => {
              opener.current = event.currentTarget;
              chosen.value = row;
            }}
          >
            <TensorName name={row.name} />
          </button>,
          <code>
            {row.shape.join(" × ")}
            {row.transposed && ` ${words.transposed}`}
          </code>,
          <code>{row.dataType}</code>,
          bytes(row.byteLength),
          <Canonical row={row} />,
        ]}
      />
    );
  const details =
    chosen.value === undefined ? undefined : (
      <TensorDetails
        key={chosen.value.name}
        row={chosen.value}
        index={inspection.tensors.indexOf(chosen.value)}
        place={place}
        onClose={() => {
          chosen.value = undefined;
          // Its row may have been scrolled or searched away meanwhile.
          (opener.current?.isConnected === true ? opener.current : search.current)?.focus();
        }}
      />
    );
  // In the order in which they are seen, for the keyboard goes by it.
  return (
    <section class="card tensors" aria-labelledby={`${id}-heading`}>
      <div class="line">
        <h2 id={`${id}-heading`}>{words.tensors}</h2>
        <span class="muted" role="status">
          {words.found(count(rows.value.length), count(inspection.tensors.length))}
        </span>
      </div>
      <label class="visually-hidden" for={`${id}-search`}>
        {words.search}
      </label>
      <input
        ref={search}
        id={`${id}-search`}
        type="search"
        placeholder={words.search}
        autocomplete="off"
        spellcheck={false}
        value={wanted}
        onInput={(event) => (wanted.value = event.currentTarget.value)}
      />
      <div class={details === undefined ? "split" : "split open"}>{oneColumn.value ? [details, table] : [table, details]}</div>
    </section>
  );
}

function Canonical({ row }: { readonly row: TensorRow }): JSX.Element {
  const words = texts.value.look;
  if (row.role === "alias") return <span class="muted">{words.alias}</span>;
  if (row.role === "dropped") return <span class="muted">{words.dropped}</span>;
  if (row.canonicalName === null || row.role === "unexpected") return <span class="muted">{words.unexpected}</span>;
  return row.canonicalName === row.name ? <span class="muted">=</span> : <span title={row.canonicalName}>{row.canonicalName}</span>;
}
