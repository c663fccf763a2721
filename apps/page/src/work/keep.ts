import type { ModelPlace } from "../protocol/model-place.ts";
import { createKeptFolder, deleteKeptFolder } from "../storage/kept-folders.ts";
import { saying } from "./saying.ts";
import type { StepOptions } from "./models.ts";

/** Copies a model's files into the browser's private file system: all of them, or none. @returns bytes. */
export async function keepModel(
  place: ModelPlace,
  folderName: string,
  { signal, report }: StepOptions,
): Promise<{ readonly bytes: number }> {
  if (place.kind !== "files") throw new TypeError("files are copied; other places are kept as they are");
  const total = place.files.reduce((sum, { file }) => sum + file.size, 0);
  let done = 0;
  try {
    return await saying("the copy", async () => {
      const root = await createKeptFolder(folderName);
      for (const { path, file } of place.files) {
        // The outermost folder's name is the copy's.
        const segments = path.split("/").slice(path.includes("/") ? 1 : 0);
        const name = segments.pop() ?? file.name;
        let folder = root;
        for (const segment of segments) folder = await folder.getDirectoryHandle(segment, { create: true });
        const target = await (await folder.getFileHandle(name, { create: true })).createWritable();
        const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(chunk, controller) {
            done += chunk.length;
            report({ stage: "keep", item: name, done, total, unit: "bytes" });
            controller.enqueue(chunk);
          },
        });
        await file.stream().pipeThrough(counting).pipeTo(target, { signal });
      }
      return { bytes: total };
    });
  } catch (error) {
    await deleteKeptFolder(folderName);
    throw error;
  }
}
