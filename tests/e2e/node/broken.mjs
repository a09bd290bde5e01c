// SPDX-License-Identifier: Apache-2.0
// A server of both eras that breaks the protocol in the way that the tool it is asked for says.
import readline from "node:readline";

const say = (text) => process.stdout.write(text + "\n");
const tools = ["fine", "delete_all", "nan", "twice", "batch", "long", "number", "planted", "silent"]
  .map((name) => ({ name, description: name, inputSchema: { type: "object" } }));

function answer(id, result) {
  say(JSON.stringify({ jsonrpc: "2.0", id, result: { resultType: "complete", ttlMs: 0, cacheScope: "private", ...result } }));
}

const content = [{ type: "text", text: "fine" }];
const broken = {
  fine: (id) => answer(id, { content }),
  nan: (id) => say(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"x":NaN}}`),
  twice: (id) => say(`{"jsonrpc":"2.0","result":{"content":[]},"result":{"content":[]},"id":${JSON.stringify(id)}}`),
  batch: (id) => say(JSON.stringify([{ jsonrpc: "2.0", id, result: { content } }])),
  long: (id) => say(JSON.stringify({ result: { content: [{ type: "text", text: "x".repeat(17 << 20) }] }, jsonrpc: "2.0", id })),
  number: (id) => say(JSON.stringify({ jsonrpc: "2.0", id, error: { code: "E", message: 1 } })),
  planted: (id) => answer(id, { content, tools }),
  silent: () => process.exit(0),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize")
    answer(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "broken", version: "1" } });
  else if (method === "server/discover")
    answer(id, { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } });
  else if (method === "tools/list")
    answer(id, { tools });
  else if (method === "tools/call")
    broken[params.name](id);
}
