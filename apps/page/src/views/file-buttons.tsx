import { signal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { ChosenFile, ModelPlace } from "../protocol/model-place.ts";
import { nameOfFiles } from "../state/models.ts";
import { texts } from "../texts/language.ts";
import { FileInput } from "./file-input.tsx";

export type OnPlace = (place: ModelPlace, name: string) => void;

/** Ways to a model or a checkpoint: a folder, files, a name on the Hub, a URL, the example. */
export function PlaceButtons({ onPlace, files = true }: { readonly onPlace: OnPlace; readonly files?: boolean }): JSX.Element {
  const words = texts.value.model;
  return (
    <div class="places">
      <div class="actions">
        <FolderButton onPlace={onPlace} />
        {files && <FilesButton onPlace={onPlace} />}
        <button type="button" onClick={() => onPlace({ kind: "example" }, words.example)}>
          {words.example}
        </button>
      </div>
      <TextPlace
        label={words.hubLabel}
        summary={words.hub}
        placeholder="owner/name"
        onText={(name) => onPlace({ kind: "hub", name }, name)}
      />
      <TextPlace
        label={words.urlLabel}
        summary={words.url}
        placeholder="https://huggingface.co/…/resolve/main/model.safetensors"
        onText={(url) => onPlace({ kind: "url", url }, url.split("/").at(-1) ?? url)}
      />
    </div>
  );
}

/** A folder: a handle where the browser gives one, which can be kept for the next visit; else the list of its files. */
function FolderButton({ onPlace }: { readonly onPlace: OnPlace }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const pick: unknown = Reflect.get(globalThis, "showDirectoryPicker");
  const choose = async (): Promise<void> => {
    if (typeof pick !== "function") {
      input.current?.click();
      return;
    }
    try {
      const handle = (await Reflect.apply(pick, globalThis, [{ id: "model" }])) as FileSystemDirectoryHandle;
      onPlace({ kind: "folder", handle, id: crypto.randomUUID() }, handle.name);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      input.current?.click();
    }
  };
  return (
    <>
      <button type="button" onClick={() => void choose()}>
        {texts.value.model.folder}
      </button>
      <FileInput input={input} purpose="folder" folder onChoose={(chosen) => takeFiles(chosen, onPlace)} />
    </>
  );
}

function FilesButton({ onPlace }: { readonly onPlace: OnPlace }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {texts.value.model.files}
      </button>
      <FileInput input={input} purpose="files" multiple onChoose={(chosen) => takeFiles(chosen, onPlace)} />
    </>
  );
}

function takeFiles(input: HTMLInputElement, onPlace: OnPlace): void {
  const files = [...(input.files ?? [])].map((file): ChosenFile => ({ path: file.webkitRelativePath || file.name, file }));
  // The same files may be chosen again, after they were mended.
  input.value = "";
  if (files.length > 0) onPlace({ kind: "files", files }, nameOfFiles(files));
}

function TextPlace({
  label,
  summary,
  placeholder,
  onText,
}: {
  readonly label: string;
  readonly summary: string;
  readonly placeholder: string;
  readonly onText: (text: string) => void;
}): JSX.Element {
  const id = useId();
  const text = useRef(signal("")).current;
  return (
    <details class="text-place">
      <summary>{summary}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.value.trim() !== "") onText(text.value.trim());
        }}
      >
        <label for={id}>{label}</label>
        <div class="joined">
          <input
            id={id}
            type="text"
            placeholder={placeholder}
            autocomplete="off"
            spellcheck={false}
            value={text}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
          <button>{texts.value.model.hubLoad}</button>
        </div>
      </form>
    </details>
  );
}
