// A page that answers questions about a document with a model from the reader's own disk, on the GPU.
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { questionAnswering, type QuestionAnswerer } from "@longspan/pipelines";
import { webgpu } from "@longspan/runtime-webgpu";

const form = document.querySelector("form");
const output = document.querySelector("output");
if (form === null || output === null) throw new Error("the page has no form");

const runtime = webgpu();
let prepared: { readonly files: string; readonly answerer: QuestionAnswerer } | undefined;

/** Opens the chosen folder, unless it is open already. */
async function prepare(files: readonly File[]): Promise<QuestionAnswerer> {
  const names = files.map((file) => `${file.webkitRelativePath} ${file.lastModified}`).join("\n");
  if (prepared?.files === names) return prepared.answerer;
  await prepared?.answerer.dispose();
  prepared = undefined;
  const answerer = await questionAnswering({
    model: files,
    adapters: [torch(), paddle(), lightning()],
    runtime,
    onProgress: ({ item, done, total }) => show("progress", `${item} (${done} of ${total})`),
  });
  prepared = { files: names, answerer };
  return answerer;
}

function show(kind: "progress" | "answer" | "error", text: string): void {
  if (output === null) return;
  output.className = kind;
  output.textContent = text;
}

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  show("progress", "reading …");
  const fields = new FormData(form);
  try {
    const answerer = await prepare(fields.getAll("model").filter((value) => value instanceof File));
    const started = performance.now();
    const { answer, start, score } = await answerer({ question: textOf(fields, "question"), context: textOf(fields, "document") });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    show("answer", `${answer} (at ${start}, score ${score.toFixed(3)}, ${seconds} s on ${answerer.device})`);
  } catch (error) {
    show("error", error instanceof Error ? error.message : String(error));
  }
});
