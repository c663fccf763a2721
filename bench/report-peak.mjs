// Loaded into a measured Node process with --import: at its end, writes getrusage's peak resident memory (kB) to a file.
import { writeFileSync } from "node:fs";

const file = process.env.LONGSPAN_PEAK_FILE;
if (file !== undefined) process.on("exit", () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
