import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Part } from "./parts.ts";
import { readyLine } from "./turns.ts";

export interface PartResult {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  /** `skipped`: what it needs is not here, and it said so. */
  readonly outcome: "done" | "failed" | "skipped";
  /** What it printed; where it failed, its complaint too. */
  readonly text: string;
  /** What it wrote as JSON. */
  readonly results: unknown;
}

/** A part of the archive under way. */
export interface RunningPart {
  readonly part: Part;
  /** It waits for its turn, or has ended. */
  readonly ready: Promise<void>;
  readonly ended: Promise<PartResult>;
  /** Lets it go on. */
  takeTurn(): void;
}

/** The status with which a program says that what it needs is not on this machine. */
const notHere = 3;
/** How much of what a failed part complained is shown. */
const complaintLength = 4000;

/**
 * Starts a part as a process of its own, so that what ends one ends no other. It is ended when it takes longer than `limitSeconds` to
 * make ready, or from its turn to its end. `folder` is for its JSON.
 */
export function startPart(part: Part, programs: string, folder: string, limitSeconds: number): RunningPart {
  const output = join(folder, `${part.name}.json`);
  const python = part.program.endsWith(".py");
  // The archive's libraries are for its own Node. Where tilings are measured, they are measured anew and kept for this run only; elsewhere the cache
  // folder is left as it is, since drivers keep what they compiled there.
  const { LD_LIBRARY_PATH: _, ...without } = process.env;
  const child = spawn(
    python ? "python3" : process.execPath,
    [
      ...(python ? [] : ["--no-warnings"]),
      join(programs, part.program),
      ...part.words,
      ...(part.writes === false ? [] : ["--output", output]),
    ],
    {
      stdio: ["pipe", "pipe", "pipe"],
      env: python ? without : { ...process.env, ...(part.words.includes("measured") ? { XDG_CACHE_HOME: folder } : {}) },
    },
  );
  const started = performance.now();
  const [lines, complaint]: [string[], string[]] = [[], []];
  const readiness = Promise.withResolvers<void>();
  let pending = "";
  const take = (text: string): void => {
    const parts = (pending + text).split("\n");
    pending = parts.pop() ?? "";
    for (const line of parts) {
      if (line === readyLine) {
        clearTimeout(timer);
        readiness.resolve();
      } else lines.push(line);
    }
  };
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaint.push(text));
  child.on("close", () => clearTimeout(timer));
  // A program that has ended takes no more words.
  child.stdin.on("error", () => undefined);
  let late = false;
  const limit = (): NodeJS.Timeout =>
    setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limitSeconds * 1000);
  let timer = limit();
  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status, signal) => resolve(status ?? `signal ${signal}`));
  }).then(async (status): Promise<PartResult> => {
    clearTimeout(timer);
    readiness.resolve();
    if (pending !== "") lines.push(pending);
    const missing = python && typeof status === "string" && status.includes("ENOENT");
    const outcome = status === 0 ? "done" : status === notHere || missing ? "skipped" : "failed";
    if (missing) lines.push("left out: there is no python3");
    if (outcome === "failed")
      lines.push(
        `FAILED: ${late ? `took longer than ${limitSeconds} seconds` : `ended with ${status}`}`,
        complaint.join("").slice(-complaintLength),
      );
    const results: unknown = await readFile(output, "utf8").then(JSON.parse, () => undefined);
    return { name: part.name, title: part.title, seconds: (performance.now() - started) / 1000, outcome, text: lines.join("\n"), results };
  });
  return {
    part,
    ready: readiness.promise,
    ended,
    takeTurn() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      clearTimeout(timer);
      timer = limit();
      child.stdin.end("go\n");
    },
  };
}
