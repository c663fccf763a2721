import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Converted, PlanReport, Progress, Request, SavePlace } from "../../protocol/calls.ts";
import type { ModelPlace } from "../../protocol/model-place.ts";
import type { Problem } from "../../protocol/problem.ts";
import { announcement } from "../../state/conversation.ts";
import { problemOf, work } from "../../state/work.ts";
import { deleteUnheldDownloads, holdDownload, type HeldDownload } from "../../storage/kept-folders.ts";
import { texts } from "../../texts/language.ts";
import { bytes, count, seconds } from "../../texts/numbers.ts";
import { CheckpointChooser } from "../look/checkpoint-chooser.tsx";
import { openedCheckpoint } from "../look/look-state.ts";
import { LibraryText } from "../library-text.tsx";
import { ProblemNote } from "../problem-note.tsx";
import { ProgressBar } from "../progress-bar.tsx";
import { saveBlob } from "../save-blob.ts";
import { TensorName } from "../tensor-name.tsx";
import { VirtualTable } from "../virtual-table.tsx";

const source = openedCheckpoint("convert");
const target = signal("hf");
const dataType = signal("");
const plan = signal<Planned | undefined>(undefined);
const converted = signal<Conversion | undefined>(undefined);
const progress = signal<Progress | undefined>(undefined);
const problem = signal<Problem | undefined>(undefined);
/** Whether its table is looked at, whatever format is chosen next. */
const tableOpen = signal(false);
let controller = new AbortController();
/** What is chosen now: the answer to an older request is too late. */
let wanted: Request<"plan"> | undefined;
let download: HeldDownload | undefined;

/** What is to be converted and how, and what would become of it. */
interface Planned {
  readonly request: Request<"plan">;
  /** The checkpoint's name. */
  readonly source: string;
  readonly report: PlanReport;
}

/** What was written, and by which plan. */
interface Conversion {
  readonly planned: Planned;
  readonly report: Converted;
}

export async function openToConvert(place: ModelPlace): Promise<void> {
  await source.open(place);
}

// The table of what would happen follows what is chosen.
effect(() => {
  const inspection = source.inspection.value;
  const place = source.place.peek();
  const request = { target: target.value, dataType: dataType.value === "" ? undefined : dataType.value };
  wanted = undefined;
  plan.value = undefined;
  converted.value = undefined;
  problem.value = undefined;
  if (inspection === undefined || place === undefined) return;
  wanted = { ...request, place };
  void readPlan(wanted, inspection.name);
});

async function readPlan(request: Request<"plan">, name: string): Promise<void> {
  try {
    const report = await work.call("plan", request);
    if (request === wanted) plan.value = { request, source: name, report };
  } catch (error) {
    if (request === wanted) problem.value = problemOf(error);
  }
}

/** A checkpoint into any format, saved to disk. */
export function ConvertView(): JSX.Element {
  const words = texts.value.convert;
  const targets = source.inspection.value?.targets ?? [];
  const busy = progress.value !== undefined;
  return (
    <div class="convert">
      <h1>{words.heading}</h1>
      <p class="lead">{words.intro}</p>
      <CheckpointChooser label={words.choose} opened={source} />
      {source.inspection.value !== undefined && (
        <section class="card">
          <div class="choices">
            <label>
              {words.target}
              <select value={target.value} disabled={busy} onChange={(event) => (target.value = event.currentTarget.value)}>
                {targets.map((name) => (
                  <option key={name} value={name}>
                    {words.targets[name] ?? name}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {words.dataType}
              <select value={dataType.value} disabled={busy} onChange={(event) => (dataType.value = event.currentTarget.value)}>
                <option value="">{words.asIs}</option>
                {["float32", "float16", "bfloat16"].map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          </div>
          {plan.value !== undefined && <Plan planned={plan.value} />}
        </section>
      )}
      {progress.value !== undefined && (
        <section class="card">
          <ProgressBar progress={progress.value} onCancel={() => controller.abort()} />
        </section>
      )}
      {problem.value !== undefined && <ProblemNote problem={problem.value} />}
      {converted.value !== undefined && <Done conversion={converted.value} />}
    </div>
  );
}

function Plan({ planned }: { readonly planned: Planned }): JSX.Element {
  const { report } = planned;
  const words = texts.value.convert;
  const canChoose = "showDirectoryPicker" in globalThis;
  const busy = progress.value !== undefined;
  return (
    <>
      <p class="muted">{words.noProblem(count(report.rows.length), bytes(report.bytes))}</p>
      {report.problem !== null && <ProblemNote problem={report.problem} />}
      {report.warnings.length > 0 && (
        <ul class="notes">
          {report.warnings.map((warning) => (
            <li key={warning}>
              <LibraryText text={warning} />
            </li>
          ))}
        </ul>
      )}
      <div class="actions">
        {canChoose && (
          <button type="button" class="primary" disabled={busy || report.problem !== null} onClick={() => void saveToFolder(planned)}>
            {words.toFolder}
          </button>
        )}
        <button
          type="button"
          class={canChoose ? undefined : "primary"}
          disabled={busy || report.problem !== null}
          onClick={() => void convert(planned)}
        >
          {words.toDownload}
        </button>
      </div>
      <details open={tableOpen.value} onToggle={(event) => (tableOpen.value = event.currentTarget.open)}>
        <summary>{words.table}</summary>
        <VirtualTable
          label={words.table}
          columns={[words.columns.source, words.columns.shape, words.columns.target, words.columns.shape]}
          rows={report.rows}
          rowKey={(row) => `${row.source}\n${row.target}`}
          cells={(row) => [
            <span title={row.source}>
              <TensorName name={row.source} />
            </span>,
            <code>{row.sourceShape.join(" × ")}</code>,
            <span title={row.target}>
              <TensorName name={row.target} />
            </span>,
            <>
              <code>{row.targetShape.join(" × ")}</code>
              {row.transposed && <span class="muted"> {texts.value.look.transposed}</span>}
            </>,
          ]}
          stackedHeight={140}
        />
      </details>
    </>
  );
}

async function saveToFolder(planned: Planned): Promise<void> {
  const pick: unknown = Reflect.get(globalThis, "showDirectoryPicker");
  if (typeof pick !== "function") return;
  try {
    const handle = (await Reflect.apply(pick, globalThis, [{ mode: "readwrite", id: "converted" }])) as FileSystemDirectoryHandle;
    await convert(planned, handle);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) problem.value = problemOf(error);
  }
}

/** Into the folder, or, without one, into this browser's storage, for a download. */
async function convert(planned: Planned, folder?: FileSystemDirectoryHandle): Promise<void> {
  if (progress.peek() !== undefined) return;
  const own = new AbortController();
  controller = own;
  converted.value = undefined;
  problem.value = undefined;
  progress.value = { stage: "convert", item: "", done: 0, total: 0, unit: "bytes" };
  try {
    const to: SavePlace = folder === undefined ? { kind: "download", folder: await freshDownload() } : { kind: "folder", handle: folder };
    const report = await work.call(
      "convert",
      { ...planned.request, to },
      { signal: own.signal, onProgress: (event) => (progress.value = event) },
    );
    converted.value = { planned, report };
    announcement.value = texts.peek().convert.done;
  } catch (error) {
    const what = problemOf(error);
    if (what.code !== "aborted") problem.value = what;
    if (folder === undefined) await dropDownload().catch(() => undefined);
  } finally {
    progress.value = undefined;
  }
}

/** What an earlier conversion left for a download goes with the next one. */
async function freshDownload(): Promise<string> {
  await dropDownload();
  download = await holdDownload();
  return download.folder;
}

async function dropDownload(): Promise<void> {
  await download?.release();
  download = undefined;
  await deleteUnheldDownloads();
}

function Done({ conversion }: { readonly conversion: Conversion }): JSX.Element {
  const { planned, report } = conversion;
  const words = texts.value.convert;
  const { download } = report;
  const card = useRef<HTMLElement>(null);
  // The table of the plan may be long.
  useEffect(() => card.current?.scrollIntoView({ block: "nearest" }), [report]);
  return (
    <section ref={card} class="card" aria-labelledby="done-heading">
      <h2 id="done-heading" class="same">
        {words.done}
      </h2>
      <p class="muted">
        {planned.source.split("/").at(-1)} → {words.targets[planned.report.target] ?? planned.report.target}
      </p>
      <p>{words.doneDetail(words.files(count(report.files.length)), bytes(report.bytes), seconds(report.milliseconds))}</p>
      <ul class="left">
        {report.files.map(({ name, size }) => (
          <li key={name}>
            <code>{name}</code> <span class="muted">{bytes(size)}</span>
          </li>
        ))}
      </ul>
      <div class="actions">
        {download !== undefined && (
          <button type="button" class="primary" onClick={() => saveBlob(download.file, download.name)}>
            {words.download(download.name)}
          </button>
        )}
        <button type="button" onClick={() => saveReport(conversion)}>
          {words.saveReport}
        </button>
      </div>
    </section>
  );
}

/** The same keys as the command line's `convert --json`. */
function saveReport({ planned: { source: name, report: planned }, report: { files } }: Conversion): void {
  const report = {
    source: name,
    target: planned.target,
    written: files.map((file) => file.name),
    converted: planned.rows,
    dropped: planned.dropped,
    warnings: planned.warnings,
  };
  saveBlob(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }), "conversion-report.json");
}
