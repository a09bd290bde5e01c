// SPDX-License-Identifier: Apache-2.0
// A server of the TypeScript SDK that speaks both protocol eras; one tool asks the user back.
import { McpServer, acceptedContent, inputRequired } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const text = (value) => ({ content: [{ type: "text", text: String(value) }] });

serveStdio(() => {
  const server = new McpServer({ name: "both-eras", version: "1.0.0" }, { instructions: "For tests." });

  server.registerTool("add", { inputSchema: z.object({ a: z.number(), b: z.number() }) },
    async ({ a, b }) => text(a + b));
  server.registerTool("shout", { inputSchema: z.object({ text: z.string() }) },
    async ({ text: said }) => text(said.toUpperCase()));
  server.registerTool("fail", { inputSchema: z.object({}) }, async () => {
    throw new Error("as asked");
  });
  server.registerTool("confirm", { inputSchema: z.object({ what: z.string() }) },
    async ({ what }, ctx) => {
      const schema = z.object({ sure: z.boolean() });
      const answer = acceptedContent(ctx.mcpReq.inputResponses, "sure", schema);
      if (answer?.sure === true)
        return text(`did ${what}`);
      return inputRequired({
        inputRequests: { sure: inputRequired.elicit({ message: `${what}?`, requestedSchema: schema }) },
        requestState: "opaque-state",
      });
    });
  server.registerResource("one", "notes://one", { mimeType: "text/plain" },
    async (uri) => ({ contents: [{ uri: uri.href, text: "first note" }] }));
  server.registerPrompt("greet", { argsSchema: z.object({ name: z.string() }) },
    async ({ name }) => ({ messages: [{ role: "user", content: { type: "text", text: `Hello ${name}` } }] }));
  return server;
});
