// SPDX-License-Identifier: Apache-2.0
// The least that a guard in Node does who judges and redacts: each line is parsed, a call's
// tool is held against a list, every string is searched for a dozen formats of tokens, and the
// message is written anew.  Ours, as a reference; it is far from what mcp-confine looks for.
// usage: node guard.mjs COMMAND [ARG...]
import { spawn } from "node:child_process";

const [command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
const denied = new Set(["delete_everything"]);
const tokens = new RegExp([
  "gh[pousr]_[A-Za-z0-9]{36}", "github_pat_[A-Za-z0-9_]{82}", "glpat-[A-Za-z0-9_-]{20}",
  "(?:AKIA|ASIA)[A-Z2-7]{16}", "sk-ant-[A-Za-z0-9_-]{80,}", "sk-proj-[A-Za-z0-9_-]{40,}",
  "xox[abprs]-[A-Za-z0-9-]{20,}", "npm_[A-Za-z0-9]{36}", "pypi-[A-Za-z0-9_-]{50,}",
  "AIza[A-Za-z0-9_-]{35}", "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}",
  "eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}",
].join("|"), "g");

function clean(value) {
  if (typeof value === "string") return value.replace(tokens, "[REDACTED]");
  if (Array.isArray(value)) return value.map(clean);
  if (value && typeof value === "object")
    for (const name of Object.keys(value)) value[name] = clean(value[name]);
  return value;
}

function lines(from, to, judge) {
  let parts = [];
  from.on("data", (chunk) => {
    let at = 0;
    for (let end; (end = chunk.indexOf(10, at)) >= 0; at = end + 1) {
      parts.push(chunk.subarray(at, end));
      const message = judge(JSON.parse(Buffer.concat(parts).toString()));
      parts = [];
      if (message) to.write(JSON.stringify(clean(message)) + "\n");
    }
    if (at < chunk.length) parts.push(chunk.subarray(at));
  });
  from.on("end", () => to.end());
}

lines(process.stdin, server.stdin, (m) => (m.method === "tools/call" && denied.has(m.params?.name) ? null : m));
lines(server.stdout, process.stdout, (m) => m);
server.on("exit", (code) => process.exit(code ?? 1));
