// SPDX-License-Identifier: Apache-2.0
// A proxy on stdio from npm, built on the official SDK: @civic/passthrough-mcp-server with
// no hooks.  It parses each message, checks its form, and routes it; it looks for nothing.
// usage: node civic.mjs COMMAND [ARG...]
import { PassthroughContext } from "@civic/passthrough-mcp-server";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

// It tells its steps on stdout, where the messages are.
console.log = console.info = () => {};
const [command, ...args] = process.argv.slice(2);
await new PassthroughContext([]).connect(new StdioServerTransport(), new StdioClientTransport({ command, args }));
