import { createServer } from "node:http";
import { readFile, mkdtemp } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createConverter, httpFileSet, LongspanError } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { torch } from "@longspan/adapter-torch";
import { httpAnswers } from "../../packages/core/test/http-answers.ts";
import { answerOf, httpModes, type Mode, questionOf } from "../../packages/core/test/http-modes.ts";
import type { Fault } from "./disks.ts";
import { finished, stateOf } from "./folder-state.ts";

/** Converts a model that a server holds, whose weights come in the mode. @returns a code, or `written` */
async function convertFrom(origin: string, target: string, { options }: Mode): Promise<string> {
  const converter = createConverter({ adapters: [torch()] });
  const files = httpFileSet(`${origin}/model.safetensors`, { retryDelay: 1, timeout: 2000, ...options });
  try {
    await using checkpoint = await converter.open({ files, fileName: "model.safetensors" });
    await converter.convert(converter.plan(checkpoint, { target: "torch" }), { sink: await directorySink(target) });
    return "written";
  } catch (error) {
    return LongspanError.isInstance(error) ? error.code : `a plain error: ${String(error)}`;
  }
}

/** A model is converted from a server in each of the modes: it is written whole, or there is an error of ours and nothing is there. */
export const servers: Readonly<Record<string, Fault>> = {
  "a server in all the modes of the tests": async ({ source, scratch }) => {
    const answers = httpAnswers(new Uint8Array(await readFile(join(source, "model.safetensors"))));
    const config = await readFile(join(source, "config.json"));
    const modes = Object.entries(httpModes(answers));
    const problems: string[] = [];
    const codes = new Map<string, number>();
    let complete: string | undefined;
    for (const [name, mode] of modes) {
      let attempt = 0;
      const server = createServer((request, response) => {
        if (request.url?.endsWith("/config.json") === true) response.end(config);
        else if (request.url?.includes("/model.safetensors") !== true && !/\/(end|one|two|hop-\d+)$/.test(request.url ?? ""))
          response.writeHead(404).end();
        else {
          const question = questionOf(request, answers.size, ++attempt);
          answerOf(mode, question)(response, question);
        }
      });
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
      const target = join(await mkdtemp(join(scratch, "server-")), "out");
      const code = await convertFrom(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, target, mode);
      server.closeAllConnections();
      server.close();
      codes.set(code, (codes.get(code) ?? 0) + 1);
      const left = await stateOf(target);
      // The first mode is a good server.
      complete ??= finished(left);
      if (code.startsWith("a plain error")) problems.push(`${name}: ${code}`);
      if (finished(left) !== (code === "written" ? complete : "{}"))
        problems.push(`${name}: ends with ${code} and leaves ${Object.keys(left).join(", ")}`);
      if ("unfinished" in left) problems.push(`${name}: something unfinished is left`);
    }
    if (complete === "{}") problems.push("nothing was written by a good server");
    return { counts: `${modes.length} modes: ${[...codes].map(([code, count]) => `${count} × ${code}`).join(", ")}`, problems };
  },
};
