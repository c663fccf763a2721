#!/usr/bin/env node
// Written so that any Node reads it: one that is too old for the rest says so. It stands in the repository, so that installing links the
// command before it is built.
"use strict";

var oldest = 22;

if (Number(process.versions.node.split(".")[0]) < oldest) {
  process.stderr.write(
    "error  longspan needs Node " +
      oldest +
      " or newer, and this is Node " +
      process.versions.node +
      ". Install a newer one: https://nodejs.org\n",
  );
  // The environment failed: see the README's table.
  process.exitCode = 3;
} else {
  import("../dist/cli.js").catch(function (error) {
    process.stderr.write("error  longspan cannot be started: " + error.message + ". Install it again.\n");
    process.exitCode = 3;
  });
}
