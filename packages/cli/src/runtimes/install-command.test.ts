import { expect, test } from "vitest";
import { installCommand } from "./install-command.ts";

test.each([
  ["/home/a/project/node_modules/longspan/dist/cli.js", "npm install onnxruntime-node"],
  ["/usr/lib/node_modules/longspan/dist/cli.js", "npm install --global onnxruntime-node"],
  ["C:\\Users\\a\\AppData\\Roaming\\npm\\node_modules\\longspan\\dist\\cli.js", "npm install --global onnxruntime-node"],
  ["/home/a/.npm/_npx/1f2e/node_modules/longspan/dist/cli.js", "npx --package longspan --package onnxruntime-node longspan …"],
])("for %s it is %s", (file, command) => {
  expect(installCommand("onnxruntime-node", file)).toBe(command);
});
