// SPDX-License-Identifier: Apache-2.0
// Drive each server with the official TypeScript SDK clients, once bare and once under
// mcp-confine, and compare every answer.
//
// usage: node compare.mjs LAUNCHER [PYTHON-SERVER-COMMAND...]
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
const python = process.argv.slice(3);
const here = path.dirname(fileURLToPath(import.meta.url));
const bin = (name) => path.join(here, "node_modules/.bin", name);
let passed = 0;
let failed = 0;

function freshDirectory() {
  const dir = fs.mkdtempSync(path.join(os.homedir(), "mcpc-e2e-"));
  fs.writeFileSync(path.join(dir, "hello.txt"), "hello\nworld\n");
  fs.mkdirSync(path.join(dir, "sub"));
  return dir;
}

const call = (client, name, args) => client.callTool({ name, arguments: args });

// Each server: its command in a fresh directory, and calls whose answers must agree.
const servers = [
  {
    name: "filesystem",
    command: (dir) => [bin("mcp-server-filesystem"), dir],
    calls: async (c, dir) => [
      await call(c, "read_text_file", { path: path.join(dir, "hello.txt") }),
      await call(c, "list_directory", { path: dir }),
      await call(c, "write_file", { path: path.join(dir, "new.txt"), content: "new" }),
      await call(c, "edit_file", { path: path.join(dir, "new.txt"),
        edits: [{ oldText: "new", newText: "newer" }] }),
      await call(c, "create_directory", { path: path.join(dir, "made") }),
      await call(c, "move_file", { source: path.join(dir, "new.txt"),
        destination: path.join(dir, "made/moved.txt") }),
      await call(c, "directory_tree", { path: dir }),
      await call(c, "search_files", { path: dir, pattern: "**/*.txt" }),
      await call(c, "read_text_file", { path: "/etc/hostname" }),
      fs.readFileSync(path.join(dir, "made/moved.txt"), "utf8"),
    ],
  },
  {
    name: "everything",
    command: () => [bin("mcp-server-everything")],
    calls: async (c) => [
      await call(c, "echo", { message: "a\u2028b\u0085c \u{1f600} \"q\" \\ \u0001" }),
      await call(c, "get-sum", { a: 2, b: 3 }),
      await call(c, "get-structured-content", { location: "New York" }),
      await call(c, "get-tiny-image", {}),
      await call(c, "trigger-long-running-operation", { duration: 0.2, steps: 2 }),
      await c.listPrompts(),
      await c.getPrompt({ name: "simple-prompt" }),
      (await c.listResources()).resources.length,
      await c.listResourceTemplates(),
      await call(c, "no-such-tool", {}).catch((e) => String(e.code)),
    ],
  },
  {
    name: "memory",
    command: (dir, confined) => [bin("mcp-server-memory")],
    env: (dir) => ({ MEMORY_FILE_PATH: path.join(dir, "memory.jsonl") }),
    calls: async (c) => [
      await call(c, "create_entities", { entities: [
        { name: "a", entityType: "t", observations: ["one", "two"] },
        { name: "b", entityType: "t", observations: [] }] }),
      await call(c, "create_relations", { relations: [{ from: "a", to: "b", relationType: "r" }] }),
      await call(c, "read_graph", {}),
      await call(c, "search_nodes", { query: "one" }),
      await call(c, "delete_entities", { entityNames: ["a", "b"] }),
    ],
  },
  {
    name: "sequential-thinking",
    command: () => [bin("mcp-server-sequential-thinking")],
    calls: async (c) => [
      await call(c, "sequentialthinking", { thought: "t", nextThoughtNeeded: false,
        thoughtNumber: 1, totalThoughts: 1 }),
    ],
  },
];
if (python.length)
  servers.push({
    name: "python",
    command: () => python,
    calls: async (c) => [
      await call(c, "add", { a: 1, b: 2 }),
      await call(c, "shout", { text: "höllo\u2029" }),
      await call(c, "fail", {}),
      await c.listResources(),
      await c.listPrompts(),
    ],
  });

const clients = {
  "sdk-1": [Client1, Stdio1, {}],
  "sdk-2": [Client2, Stdio2, {}],
  "sdk-2-auto": [Client2, Stdio2, { versionNegotiation: { mode: "auto" } }],
};

async function session(server, kind, confined) {
  const [Client, Transport, options] = clients[kind];
  const dir = freshDirectory();
  const bare = server.command(dir);
  const argv = confined ? [launcher, "run", "--", ...bare] : bare;
  const transport = new Transport({ command: argv[0], args: argv.slice(1), stderr: "ignore",
    env: confined ? undefined : server.env?.(dir) });
  const client = new Client({ name: "e2e", version: "1" }, options);
  await client.connect(transport);
  const answers = {
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    tools: await client.listTools(),
    calls: await server.calls(client, dir),
  };
  const began = process.hrtime.bigint();
  await client.close();
  const closing = Number(process.hrtime.bigint() - began) / 1e6;
  fs.rmSync(dir, { recursive: true });
  // What differs between two runs of the same server: the directory's name, times, and
  // the name of a signal's effect on close.
  const text = JSON.stringify(answers).replaceAll(dir, "DIR")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
  return { answers: JSON.parse(text), closing };
}

for (const server of servers) {
  for (const kind of Object.keys(clients)) {
    const label = `${server.name} with ${kind}`;
    try {
      const bare = await session(server, kind, false);
      const confined = await session(server, kind, true);
      assert.deepEqual(confined.answers, bare.answers);
      assert.ok(confined.closing < 1900, `close took ${confined.closing} ms`);
      console.log(`ok ${label} (close ${Math.round(confined.closing)} ms)`);
      passed++;
    } catch (e) {
      console.log(`FAIL ${label}: ${e.message}`);
      failed++;
    }
  }
}
console.log(`e2e: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
