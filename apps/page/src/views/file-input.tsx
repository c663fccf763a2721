import type { JSX, RefObject } from "preact";

export interface FileInputProps {
  readonly input: RefObject<HTMLInputElement>;
  /** For tests: what is chosen. */
  readonly purpose: string;
  readonly multiple?: boolean;
  /** A folder instead of files. */
  readonly folder?: boolean;
  readonly onChoose: (input: HTMLInputElement) => void;
}

/** The browser's chooser of files, which a button opens: nobody sees it or tabs to it. */
export function FileInput({ input, purpose, multiple = false, folder = false, onChoose }: FileInputProps): JSX.Element {
  return (
    <input
      ref={input}
      type="file"
      class="hidden-input"
      data-purpose={purpose}
      tabIndex={-1}
      aria-hidden="true"
      multiple={multiple}
      {...(folder ? { webkitdirectory: true } : {})}
      onChange={(event) => onChoose(event.currentTarget)}
    />
  );
}
