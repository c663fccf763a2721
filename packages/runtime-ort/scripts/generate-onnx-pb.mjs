// Regenerates src/onnx/onnx_pb.ts: `node packages/runtime-ort/scripts/generate-onnx-pb.mjs path/to/onnx.proto`.
// The file is `onnx/onnx.proto` of the Python package onnx 1.23.2 (`pip download --no-deps onnx==1.23.2`, a wheel is a zip file);
// its comments are left out of what is generated.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const pinned = { package: "onnx 1.23.2", sha256: "547214dd049486a4d5ecbae593e9c72d90b5e8d603944b722eff469e0b5a9cc9" };
const tools = ["@bufbuild/buf@1.75.0", "@bufbuild/protoc-gen-es@2.17.0"];

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error("Say where onnx.proto is.");
const found = createHash("sha256").update(readFileSync(given)).digest("hex");
if (found !== pinned.sha256)
  throw new Error(`${given} is not the onnx.proto of ${pinned.package}: its sha256 is ${found}, not ${pinned.sha256}.`);

const folder = mkdtempSync(join(tmpdir(), "onnx-pb-"));
try {
  copyFileSync(given, join(folder, "onnx.proto"));
  const buf = (...words) =>
    execFileSync("npm", ["exec", "--yes", ...tools.map((tool) => `--package=${tool}`), "--", "buf", ...words], {
      cwd: folder,
      stdio: "inherit",
    });
  buf("build", ".", "--exclude-source-info", "-o", "onnx.binpb");
  const plugin = { local: "protoc-gen-es", out: ".", opt: ["target=ts", "erasable_syntax=true"] };
  buf("generate", "onnx.binpb", "--template", JSON.stringify({ version: "v2", plugins: [plugin] }));
  const header = `// The messages of ONNX models (onnx/onnx.proto of ${pinned.package}, SPDX-License-Identifier: Apache-2.0).\n// Made by scripts/generate-onnx-pb.mjs: do not edit.\n`;
  const target = fileURLToPath(new URL("../src/onnx/onnx_pb.ts", import.meta.url));
  writeFileSync(target, header + readFileSync(join(folder, "onnx_pb.ts"), "utf8"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
