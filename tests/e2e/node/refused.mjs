// SPDX-License-Identifier: Apache-2.0
// How the official TypeScript clients see what mcp-confine refuses, and a server that breaks
// the protocol: each call ends, with words of ours, and the session goes on.
//
// usage: node refused.mjs LAUNCHER SERVER   (beside node_modules; SERVER has a policy)
import assert from "node:assert/strict";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Client as Client2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";

const [launcher, name] = process.argv.slice(2);
const clients = {
  "sdk-1": [Client1, Stdio1, {}],
  "sdk-2": [Client2, Stdio2, {}],
  "sdk-2-modern": [Client2, Stdio2, { versionNegotiation: { mode: { pin: "2026-07-28" } } }],
};
const REFUSED = "This tool call is refused by policy; trying again will not help.";
const WITHHELD = "The result of this tool call was withheld by policy; trying again will not help.";
let failed = 0;

async function session(Client, Transport, options) {
  const client = new Client({ name: "refused", version: "1" }, { ...options, capabilities: {} });
  await client.connect(new Transport({ command: launcher, args: ["run", name], stderr: "ignore" }));
  const call = (tool) => client.callTool({ name: tool, arguments: {} });
  const error = (tool) => call(tool).then(() => assert.fail(`${tool}: no error`), (e) => e);
  const { tools } = await client.listTools();
  assert.ok(!tools.some((t) => t.name === "delete_all"), "a denied tool is not listed");
  for (const [tool, words] of [["delete_all", REFUSED], ["not_listed_delete_all", REFUSED], ["planted", WITHHELD], ["number", WITHHELD]]) {
    const result = await call(tool);
    assert.equal(result.isError, true);
    assert.equal(result.content[0].text, words);
  }
  for (const tool of ["nan", "twice", "batch", "long"]) {
    const e = await error(tool);
    assert.equal(e.code, 1502, `${tool}: ${e.message}`);
    assert.match(e.message, /mcp-confine: the answer was malformed and was withheld/);
    assert.equal((await call("fine")).content[0].text, "fine");
  }
  // A client that sends a batch gets an error without an id, and lives on.
  await client.transport.send([]);
  assert.equal((await call("fine")).content[0].text, "fine");
  const e = await error("silent");
  assert.match(e.message, /mcp-confine: the server ended/);
  await client.close();
}

for (const [label, [Client, Transport, options]] of Object.entries(clients)) {
  try {
    await session(Client, Transport, options);
    console.log(`ok refusals with TypeScript ${label}`);
  } catch (e) {
    failed++;
    console.log(`FAIL refusals with TypeScript ${label}: ${e.stack}`);
  }
}
process.exit(failed ? 1 : 0);
