// SPDX-License-Identifier: Apache-2.0
// What any proxy in Node pays: bytes pass, nothing is looked at.
// usage: node passthrough.mjs COMMAND [ARG...]
import { spawn } from "node:child_process";

const [command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
process.stdin.pipe(server.stdin);
server.stdout.pipe(process.stdout);
server.on("exit", (code) => process.exit(code ?? 1));
