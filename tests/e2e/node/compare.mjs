// SPDX-License-Identifier: Apache-2.0
// Drive each server of servers.json with the official TypeScript SDK clients, once bare and
// once under mcp-confine, and compare every answer.
//
// usage: node compare.mjs LAUNCHER   (beside node_modules, below the e2e directory)
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Client as Client2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";

const launcher = process.argv[2];
const here = path.dirname(fileURLToPath(import.meta.url));
const servers = JSON.parse(fs.readFileSync(path.join(here, "../servers.json"), "utf8"));
const CLOSE_MS = 1900; // the SDKs send TERM after 2 s
let passed = 0;
let failed = 0;

function freshDirectory() {
  const dir = fs.mkdtempSync(path.join(os.homedir(), "mcpc-e2e-"));
  fs.writeFileSync(path.join(dir, "hello.txt"), "hello\nworld\n");
  fs.mkdirSync(path.join(dir, "sub"));
  return dir;
}

// The places that servers.json names.
function fill(value, dir) {
  if (typeof value === "string")
    return value.replace(/^BIN\//, `${here}/node_modules/.bin/`)
      .replace(/^E2E\//, `${path.dirname(here)}/`).replace(/^DIR/, dir);
  if (Array.isArray(value))
    return value.map((v) => fill(v, dir));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v, dir)]));
  return value;
}

const operations = {
  tool: (c, progress, name, args) => c.callTool({ name, arguments: args }, ...progress),
  prompts: (c) => c.listPrompts(),
  prompt: (c, progress, name, args) => c.getPrompt({ name, arguments: args }),
  resources: (c) => c.listResources(),
  resource: (c, progress, uri) => c.readResource({ uri }),
  templates: (c) => c.listResourceTemplates(),
  count: async (c) => (await c.listResources()).resources.length,
};

const clients = {
  "sdk-1": [Client1, Stdio1, {}],
  "sdk-2": [Client2, Stdio2, {}],
  "sdk-2-auto": [Client2, Stdio2, { versionNegotiation: { mode: "auto" } }],
  "sdk-2-modern": [Client2, Stdio2, { versionNegotiation: { mode: { pin: "2026-07-28" } } }, "modern"],
};

async function session(server, kind, confined) {
  const [Client, Transport, options] = clients[kind];
  const dir = freshDirectory();
  const bare = fill(server.command, dir);
  const argv = confined ? [launcher, "run", "--", ...bare] : bare;
  const transport = new Transport({ command: argv[0], args: argv.slice(1), stderr: "ignore",
    env: confined ? undefined : fill(server.bare_env, dir) });
  const client = new Client({ name: "e2e", version: "1" },
    { ...options, capabilities: { elicitation: {} } });
  const seen = [];
  const progressed = [];
  // The second SDK takes options where the first takes a result schema.
  const progress = { onprogress: (p) => progressed.push(p) };
  const asked = async (request) => {
    seen.push(request.params.message);
    return { action: "accept", content: { sure: true } };
  };
  if (Client === Client2)
    client.setRequestHandler("elicitation/create", asked);
  else
    client.setRequestHandler((await import("@modelcontextprotocol/sdk/types.js")).ElicitRequestSchema, asked);
  await client.connect(transport);
  const answers = {
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    version: client.getNegotiatedProtocolVersion?.(),
    tools: await client.listTools(),
    calls: [],
    seen,
  };
  for (const [operation, ...args] of fill(server.calls, dir)) {
    const answer = operations[operation](client, Client === Client2 ? [progress] : [undefined, progress], ...args);
    answers.calls.push(await answer.catch((e) => `${e.code} ${e.message}`));
  }
  const began = process.hrtime.bigint();
  await client.close();
  const closing = Number(process.hrtime.bigint() - began) / 1e6;
  fs.rmSync(dir, { recursive: true });
  // What differs between two runs of the same server: the directory's name, and times.
  const text = JSON.stringify(answers).replaceAll(dir, "DIR")
    .replace(/\d{4}-\d\d-\d\dT[\d:.+-]+Z?/g, "TIME");
  return { answers: JSON.parse(text), progressed, closing };
}

for (const server of servers) {
  for (const kind of Object.keys(clients)) {
    if (clients[kind][3] && !server[clients[kind][3]])
      continue;
    const label = `${server.name} with TypeScript ${kind}`;
    try {
      const bare = await session(server, kind, false);
      const confined = await session(server, kind, true);
      assert.deepEqual(confined.answers, bare.answers);
      // A client drops the last progress when the result comes in the same chunk.
      const n = Math.min(bare.progressed.length, confined.progressed.length);
      assert.deepEqual(confined.progressed.slice(0, n), bare.progressed.slice(0, n));
      assert.ok(bare.answers.calls.some((c) => typeof c !== "string"), "no call worked");
      assert.ok(confined.closing < CLOSE_MS, `close took ${confined.closing} ms`);
      const count = bare.answers.calls.length;
      console.log(`ok ${label}: ${count} answers, ${bare.answers.version ?? "legacy"}, close ${Math.round(confined.closing)} ms`);
      passed++;
    } catch (e) {
      console.log(`FAIL ${label}: ${e.message}`);
      failed++;
    }
  }
}
console.log(`e2e, TypeScript clients: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
