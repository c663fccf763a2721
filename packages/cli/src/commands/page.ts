import { once } from "node:events";
import { builtPage, wasmFolder } from "../page/page-files.ts";
import { servePage } from "../page/page-server.ts";
import { installCommand } from "../runtimes/install-command.ts";
import { styled, writeLine, type Terminal } from "../terminal.ts";

export interface PageOptions {
  readonly port: number;
  readonly connect?: readonly string[];
}

/** `longspan page`: serves the page on loopback until it is interrupted. */
export async function page(options: PageOptions, codeFolder: string, { out, error }: Terminal, signal: AbortSignal): Promise<void> {
  const ort = wasmFolder();
  const server = await servePage({
    folder: builtPage(codeFolder),
    mounted: ort === undefined ? {} : { ort },
    port: options.port,
    connect: options.connect,
  });
  try {
    writeLine(out, server.url);
    if (ort === undefined) {
      writeLine(error, styled("yellow", "note"), `  ${installCommand("onnxruntime-web")}: WebAssembly, for browsers without WebGPU`);
    }
    writeLine(error, styled("dim", "Ctrl-C ends it."));
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await server.close();
  }
}
