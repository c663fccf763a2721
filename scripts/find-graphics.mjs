// What tests run graphics on, looked for where it usually is. Plain JavaScript that any Node since 18 runs.
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

const chromiumNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const chromiumOutsidePath = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/**
 * Chromium's or Chrome's executable: the environment's CHROMIUM, else the first that is installed.
 * @returns {string | undefined}
 */
export function findChromium() {
  const given = process.env.CHROMIUM;
  if (given !== undefined && given !== "") return given;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = chromiumNames.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...candidates, ...chromiumOutsidePath].find(isExecutable);
}

/**
 * The file that tells the Vulkan loader of lavapipe, Mesa's driver that computes on the CPU (Vulkan-Loader, LoaderInterfaceArchitecture:
 * "ICD discovery").
 * @returns {string | undefined}
 */
export function findLavapipe() {
  for (const folder of ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"]) {
    if (!existsSync(folder)) continue;
    const file = readdirSync(folder).find((name) => /^lvp_icd\b.*\.json$/.test(name));
    if (file !== undefined) return join(folder, file);
  }
  return undefined;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
