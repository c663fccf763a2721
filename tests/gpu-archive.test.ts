import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const here = process.platform === "linux" && process.arch === "x64";

interface Results {
  readonly quick: boolean;
  readonly parts: readonly { readonly name: string; readonly outcome: string; readonly results?: unknown }[];
}

// What is fetched from Debian is left out: machines that test have a Vulkan loader.
test.runIf(here)(
  "the GPU archive, packed from these sources, does a little of everything on this machine's adapter",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "longspan-archive-"));
    try {
      const packer = join(root, "bench/gpu/pack.ts");
      await run(process.execPath, ["--conditions=@longspan/source", packer, "--no-libraries", "--folder", join(folder, "longspan-gpu")]);
      const { stdout } = await run(join(folder, "longspan-gpu/run"), ["--quick", join(folder, "results")]);
      expect(stdout).toContain("none failed");
      const { quick, parts } = JSON.parse(await readFile(join(folder, "results/results.json"), "utf8")) as Results;
      expect(quick).toBe(true);
      const results = Object.fromEntries(parts.map(({ name, results: found }) => [name, found]));
      // transformers is skipped where Python has none.
      expect(parts.filter(({ name, outcome }) => outcome !== "done" && name !== "transformers")).toEqual([]);
      expect(results.device).toMatchObject({ opened: { timestamps: true } });
      expect(results.kit).toMatchObject({ failed: [] });
      expect(results.parity).toMatchObject([
        { precision: "float32", beyond: [] },
        { precision: "float16", beyond: [] },
      ]);
      for (const precision of ["float32", "float16"]) {
        const { times, recorded } = results[`forward-tiny-${precision}`] as {
          readonly times: readonly { readonly kernels: number; readonly alone: number }[];
          readonly recorded: readonly { readonly largest: number; readonly allowed: number }[];
        };
        expect(recorded.map(({ largest, allowed }) => largest <= allowed)).toEqual([true]);
        expect(times.map(({ kernels, alone }) => kernels > 0 && alone > 0)).toEqual([true, true]);
      }
      expect(results.linear).toMatchObject({ figures: [{ shape: [64, 64, 64] }] });
      expect(Object.keys((results.attention as { readonly figures: object }).figures)).toEqual(["onnx, 64 tokens, 16 global"]);
      const { stderr } = await run(join(folder, "longspan-gpu/run"), ["--only", "nothing"]).catch(
        (error: { readonly stderr: string }) => error,
      );
      expect(stderr).toContain("--only takes device, ");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  600_000,
);
