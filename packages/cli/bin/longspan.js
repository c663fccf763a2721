#!/usr/bin/env node
// Stands in the repository, so that installing links the command before it is built.
await import("../dist/cli.js");
