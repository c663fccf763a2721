// `npm run faults [-- --kills N] [--only TEXT]`: what is left when writing and reading go wrong. Every kind of output is killed (SIGKILL) at N random
// moments (default 100), new and over an older one, or gone on with; disks are full, without inodes, read-only; sources are rewritten and cut while they are read; two
// runs write to one place; a server has all the modes of the tests (packages/core/test/http-modes.ts).
//
// Nothing that looks finished may be unfinished, nothing that was there may be lost, and the next run cleans up.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { numberOption } from "./number-option.ts";
import { answerKinds, killAnswers } from "./faults/answers.ts";
import { fullDisks } from "./faults/disks.ts";
import { killRuns } from "./faults/kill.ts";
import { outputs } from "./faults/outputs.ts";
import { servers } from "./faults/servers.ts";
import { changingSources } from "./faults/sources.ts";
import { writeSource } from "./faults/write-source.ts";
import { twoWriters } from "./faults/writers.ts";

const { values: options } = parseArgs({ options: { kills: { type: "string", default: "100" }, only: { type: "string", default: "" } } });
const kills = numberOption("kills", options.kills);
const scratch = await mkdtemp(join(tmpdir(), "longspan-faults-"));
let broken = 0;
let runs = 0;

function tell(name: string, counts: string, problems: readonly string[]): void {
  if (problems.length > 0) broken++;
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"}  ${name}: ${counts}`);
  for (const problem of problems.slice(0, 5)) console.log(`      ${problem.slice(0, 500)}`);
}

try {
  const source = await writeSource(join(scratch, "source"), 1);
  const older = await writeSource(join(scratch, "older"), 2);
  for (const kind of Object.keys(outputs)) {
    for (const replaced of [undefined, older]) {
      const name = `SIGKILL, ${kind}, ${replaced === undefined ? "new" : "over an older one"}`;
      if (!name.includes(options.only)) continue;
      const { before, complete, between, remnants, problems } = await killRuns({ kind, source, older: replaced, scratch }, kills);
      runs += kills;
      tell(
        name,
        `${kills} kills: ${before} as before, ${complete} complete, ${between} between the moves (put back by the next run), ${remnants} left something unfinished (removed by the next run)`,
        problems,
      );
    }
  }
  for (const kind of answerKinds) {
    const name = `SIGKILL, batch output in ${kind}, gone on with`;
    if (!name.includes(options.only)) continue;
    const { counts, problems } = await killAnswers(kind, scratch, kills);
    runs += kills;
    tell(name, counts, problems);
  }
  for (const [name, fault] of Object.entries({ ...fullDisks, ...changingSources, ...servers, ...twoWriters })) {
    if (!name.includes(options.only)) continue;
    const { counts, problems } = await fault({ source, older, scratch });
    runs++;
    tell(name, counts, problems);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
console.log(`${runs} faults, ${broken} kinds with a problem`);
process.exitCode = broken === 0 ? 0 : 1;
