import { signal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import type { ModelPlace } from "../protocol/model-place.ts";
import type { Problem } from "../protocol/problem.ts";
import { narrow } from "../state/appearance.ts";
import { announcement, changeDocument } from "../state/conversation.ts";
import { readDrop, type Dropped } from "../state/dropped.ts";
import { chooseModel } from "../state/models.ts";
import { problemOf } from "../state/work.ts";
import { language, texts } from "../texts/language.ts";
import { AskView } from "./ask/ask-view.tsx";
import { CompareView, openToCompare } from "./compare/compare-view.tsx";
import { ConvertView, openToConvert } from "./convert/convert-view.tsx";
import { LookView } from "./look/look-view.tsx";
import { openToLook } from "./look/look-state.ts";
import { Privacy } from "./privacy.tsx";
import { ProblemNote } from "./problem-note.tsx";
import { Settings } from "./settings-menu.tsx";

const views = { ask: AskView, look: LookView, compare: CompareView, convert: ConvertView } as const;
type ViewName = keyof typeof views;

const view = signal<ViewName>(viewOfAddress());
const dragging = signal(false);
/** Of what was dropped last, in whatever view. */
const dropProblem = signal<Problem | undefined>(undefined);
const online = signal(navigator.onLine);

addEventListener("hashchange", () => {
  if (view.peek() === viewOfAddress()) return;
  view.value = viewOfAddress();
  // Another section begins at its top, however far the last one was read.
  scrollTo({ top: 0, behavior: "instant" });
  dropProblem.value = undefined;
});
for (const event of ["online", "offline"]) addEventListener(event, () => (online.value = navigator.onLine));

function viewOfAddress(): ViewName {
  const name = location.hash.slice(1);
  return Object.hasOwn(views, name) ? (name as ViewName) : "ask";
}

/** The whole page: header, one of four views, and what is said to those who do not see it. */
export function App(): JSX.Element {
  const words = texts.value;
  const View = views[view.value];
  useSignalEffect(() => {
    document.documentElement.lang = language.value;
    document.title = `${texts.value.nav[view.value]} – ${texts.value.title}`;
  });
  const settings = <Settings key="settings" />;
  const sections = (
    <nav key="sections" aria-label={words.nav.label}>
      {(Object.keys(views) as ViewName[]).map((name) => (
        <a key={name} href={`#${name}`} aria-current={view.value === name ? "page" : undefined}>
          {words.nav[name]}
        </a>
      ))}
    </nav>
  );
  return (
    <div
      class="page"
      onDragOver={(event) => {
        if (!(event.dataTransfer?.types.includes("Files") ?? false)) return;
        event.preventDefault();
        dragging.value = true;
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) dragging.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        dragging.value = false;
        if (event.dataTransfer !== null) void takeDrop(event.dataTransfer);
      }}
    >
      <a class="skip" href="#content" onClick={(event) => skipTo(event)}>
        {words.skip}
      </a>
      <header class="top">
        <a class="brand" href="#ask">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect x="2" y="13" width="28" height="6" rx="3" />
            <rect x="12" y="6" width="8" height="20" rx="3" />
          </svg>
          {words.title}
        </a>
        {narrow.value ? [settings, sections] : [sections, settings]}
      </header>
      {!online.value && <p class="band">{words.offline}</p>}
      <main id="content" tabIndex={-1}>
        {dropProblem.value !== undefined && <ProblemNote problem={dropProblem.value} />}
        <View />
      </main>
      <Privacy />
      <div class="visually-hidden" role="status">
        {announcement}
      </div>
      {dragging.value && (
        <div class="drop" aria-hidden="true">
          <p>{words.drop}</p>
        </div>
      )}
    </div>
  );
}

function skipTo(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#content")?.focus();
}

/** What a dropped model is for, in each view. */
const takeModel: Readonly<Record<ViewName, (place: ModelPlace, name: string) => void | Promise<void>>> = {
  ask: chooseModel,
  look: openToLook,
  compare: openToCompare,
  convert: openToConvert,
};

async function takeDrop(transfer: DataTransfer): Promise<void> {
  dropProblem.value = undefined;
  let dropped: Dropped;
  try {
    dropped = await readDrop(transfer);
  } catch (error) {
    dropProblem.value = { code: "drop-unreadable", message: problemOf(error).message };
    return;
  }
  if (dropped === undefined) dropProblem.value = { code: "no-file", message: "" };
  else if (dropped.kind === "document") {
    location.hash = "ask";
    await changeDocument(dropped.file.name, dropped.file);
  } else await takeModel[view.peek()](dropped.place, dropped.name);
}
