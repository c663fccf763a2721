import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { takeFileLock, waitForFileLock } from "./file-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "longspan-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = (): string => join(folder, `${++count}.lock`);
const wanted = async (): Promise<boolean> => true;

const module = fileURLToPath(new URL("file-lock.ts", import.meta.url));
const flags = ["--conditions=@longspan/source", "--disable-warning=ExperimentalWarning", "--input-type=module", "-e"];

/** A process that takes a lock, says so, and holds it. */
async function holder(path: string): Promise<ChildProcess> {
  const script = `
    import { takeFileLock } from ${JSON.stringify(module)};
    const { isTaken } = await takeFileLock(${JSON.stringify(path)});
    console.log(isTaken);
    setTimeout(() => {}, 100_000);
  `;
  const child = spawn(process.execPath, [...flags, script], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  expect(String(said)).toBe("true\n");
  return child;
}

async function take(path: string): Promise<() => Promise<void>> {
  const attempt = await takeFileLock(path);
  if (!attempt.isTaken) throw new Error(`${path} is held`);
  return attempt.release;
}

test("a lock is one holder's, in this process as well, until it is given back", async () => {
  const path = newPath();
  const release = await take(path);
  expect(await takeFileLock(path)).toEqual({ isTaken: false, holder: { process: process.pid, machine: hostname() } });
  await release();
  expect(existsSync(path)).toBe(false);
  await (
    await take(path)
  )();
});

test("another process's holds while it lives, and no longer", async () => {
  const path = newPath();
  const child = await holder(path);
  expect(await takeFileLock(path)).toMatchObject({ isTaken: false, holder: { process: child.pid, machine: hostname() } });
  const waiting = waitForFileLock(path, { isWanted: wanted });
  child.kill("SIGKILL");
  const release = await waiting;
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ process: process.pid });
  await release?.();
});

test("many that want it have it one after the other", async () => {
  const path = newPath();
  let [inside, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const release = await waitForFileLock(path, { isWanted: wanted });
      most = Math.max(most, ++inside);
      await wait(5);
      inside--;
      await release?.();
    }),
  );
  expect([inside, most]).toEqual([0, 1]);
});

test("who waits is told when it is aborted, and stops when it is not wanted any more", async () => {
  const path = newPath();
  const release = await take(path);
  const signal = AbortSignal.timeout(10);
  await expect(waitForFileLock(path, { signal, isWanted: wanted })).rejects.toMatchObject({ code: "aborted" });
  expect(await waitForFileLock(path, { isWanted: async () => false })).toBeUndefined();
  await release();
});

test("a lock that was taken away is not given back in another one's place", async () => {
  const path = newPath();
  const release = await take(path);
  writeFileSync(path, "another");
  await release();
  expect(readFileSync(path, "utf8")).toBe("another");
});

test("where no file can be made, it is told", async () => {
  await expect(takeFileLock(join(folder, "nowhere/a.lock"))).rejects.toMatchObject({ code: "not-found" });
});

describe("locks that were left", () => {
  /** What this process writes into a lock. */
  async function ownWords(): Promise<Readonly<Record<string, unknown>>> {
    const path = newPath();
    const release = await take(path);
    const words = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
    await release();
    return words;
  }

  test("by dead processes stand in nobody's way, whoever has their numbers now", async () => {
    const own = await ownWords();
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "close");
    const dead = { ...own, process: child.pid };
    // This process has the number of one that began at another time; so has another one that lives (where the system tells when that began).
    const again = { ...own, began: 12 };
    const others = process.platform === "linux" ? [{ ...again, process: process.ppid }] : [];
    for (const left of [dead, again, ...others]) {
      const path = newPath();
      writeFileSync(path, JSON.stringify(left));
      await (
        await take(path)
      )();
    }
  });

  test("by a process that died before it had written stand in nobody's way", async () => {
    const path = newPath();
    writeFileSync(path, "");
    await (
      await take(path)
    )();
  });

  test.runIf(process.platform === "linux")("by a process that was killed, and of whose end nobody has taken notice", async () => {
    const path = newPath();
    // The shell's child ends when the shell is another program, which waits for none: it becomes a zombie.
    const program = `console.log("there"); setTimeout(() => {}, 100000)`;
    const child = spawn("sh", ["-c", `exec 3<&0; cat <&3 > /dev/null & echo $!; exec "${process.execPath}" -e '${program}'`], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (text) => (said += String(text)));
    while (!said.includes("there")) await wait(5);
    child.stdin.end();
    const zombie = Number(said.split("\n")[0]);
    const fields = (): readonly string[] => readFileSync(`/proc/${zombie}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    while (fields()[0] !== "Z") await wait(5);
    writeFileSync(path, JSON.stringify({ ...(await ownWords()), process: zombie, began: Number(fields()[19]) }));
    await (
      await take(path)
    )();
    child.kill("SIGKILL");
    await once(child, "close");
  });

  test("by another machine, another container or nobody knows whom hold; who waits takes them after a time without a sign of life", async () => {
    const own = await ownWords();
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "close");
    for (const left of [
      JSON.stringify({ ...own, process: child.pid, machine: "elsewhere" }),
      JSON.stringify({ ...own, process: child.pid, space: "pid:[1]" }),
      "words",
      "2147483646",
    ]) {
      const path = newPath();
      writeFileSync(path, left);
      expect(await takeFileLock(path)).toMatchObject({ isTaken: false });
      expect(readFileSync(path, "utf8")).toBe(left);
      await (
        await waitForFileLock(path, { isWanted: wanted, maxSilence: 20 })
      )?.();
    }
  });

  test("one elsewhere that shows that it lives keeps its lock", async () => {
    const path = newPath();
    const left = JSON.stringify({ ...(await ownWords()), machine: "elsewhere" });
    writeFileSync(path, left);
    let looks = 0;
    const isWanted = async (): Promise<boolean> => {
      utimesSync(path, new Date(), new Date(Date.now() + ++looks * 1000));
      return looks < 4;
    };
    expect(await waitForFileLock(path, { isWanted, maxSilence: 20 })).toBeUndefined();
    expect(readFileSync(path, "utf8")).toBe(left);
  });

  test("a holder shows that it lives", async () => {
    const path = newPath();
    const attempt = await takeFileLock(path, { beatMilliseconds: 5 });
    const long = new Date(0);
    utimesSync(path, long, long);
    while (statSync(path).mtimeMs === 0) await wait(5);
    expect(statSync(path).mtimeMs).toBeGreaterThan(Date.now() - 3_600_000);
    if (attempt.isTaken) await attempt.release();
  });
});
