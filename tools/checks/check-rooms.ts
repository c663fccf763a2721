// Names every import of the packages' sources that runs against the order of rooms (room-order.ts), type imports included. Circles are oxlint's.
import { roomOrder } from "./room-order.ts";
import { brokenRoomRules } from "./room-rules.ts";
import { isTest, readSourceFiles } from "./source-file.ts";

const problems = brokenRoomRules(
  [...readSourceFiles().values()].filter(({ path }) => !isTest(path)),
  roomOrder,
);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
