// SPDX-License-Identifier: Apache-2.0
// HTTP in front of a stdio server, for the conformance suite, which speaks HTTP only: each
// initialize starts a process, whose messages leave on the stream of an open request.
//
// usage: node bridge.mjs COMMAND [ARG...]     prints its URL
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import http from "node:http";
import readline from "node:readline";

// Requests of the modern era, and those that belong to no session, all go to one process,
// under ids of our own, since each client counts its own.

const PREFIX = "io.modelcontextprotocol/";
const command = process.argv.slice(2);
const sessions = new Map();

class Session {
  constructor() {
    this.id = randomUUID();
    this.open = new Map(); // id of a request to the stream that waits for its answer
    this.child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
    this.child.on("exit", () => this.end());
    this.child.stdin.on("error", () => {});
    readline.createInterface({ input: this.child.stdout }).on("line", (line) => this.relay(line));
    sessions.set(this.id, this);
  }

  relay(line) {
    const message = JSON.parse(line);
    const isAnswer = message.method === undefined;
    const key = JSON.stringify(message.id);
    const stream = isAnswer ? this.open.get(key) : [...this.open.values()].at(-1);
    stream?.write(`event: message\ndata: ${line}\n\n`);
    if (isAnswer && stream) {
      this.open.delete(key);
      stream.end();
    }
  }

  send(message, response) {
    if (message.method !== undefined && message.id !== undefined) {
      response.writeHead(200, { "content-type": "text/event-stream", "mcp-session-id": this.id });
      this.open.set(JSON.stringify(message.id), response);
    } else {
      response.writeHead(202).end();
    }
    this.child.stdin.write(JSON.stringify(message) + "\n");
  }

  end() {
    sessions.delete(this.id);
    this.child.stdin.end();
    for (const stream of this.open.values())
      stream.end();
  }
}

// HTTP says of an error what it is (MCP 2026-07-28, streamable HTTP).
const BAD = [-32700, -32600, -32602, -32020, -32021, -32022];
const statusOf = (error) => error.code === -32601 ? 404 : BAD.includes(error.code) ? 400 : 200;

class Shared {
  constructor() {
    this.open = new Map(); // our id to { response, id, token, isListening }
    this.last = 0;
    this.child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdin.on("error", () => {});
    this.child.on("exit", () => this.open.forEach((to) => to.response.end()));
    readline.createInterface({ input: this.child.stdout }).on("line", (line) => this.relay(JSON.parse(line)));
  }

  put(to, message) {
    if (!to.response.headersSent)
      to.response.writeHead(200, { "content-type": "text/event-stream" });
    to.response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  tell(message) {
    const meta = message.params?._meta ?? {}, tag = PREFIX + "subscriptionId";
    const token = message.params?.progressToken;
    const to = meta[tag] !== undefined ? this.open.get(meta[tag]) :
      [...this.open.values()].find((o) => token !== undefined ? o.token === token : !o.isListening);
    if (to && meta[tag] !== undefined)
      meta[tag] = to.id;
    if (to)
      this.put(to, message);
  }

  relay(message) {
    if (message.method !== undefined)
      return this.tell(message);
    const to = this.open.get(message.id);
    if (!to)
      return undefined;
    this.open.delete(message.id);
    const own = { ...message, id: to.id };
    if (message.error && !to.response.headersSent)
      return to.response.writeHead(statusOf(message.error), { "content-type": "application/json" }).end(JSON.stringify(own));
    this.put(to, own);
    return to.response.end();
  }

  send(message, response) {
    if (message.id === undefined) {
      response.writeHead(202).end();
    } else {
      const id = `bridge-${++this.last}`;
      this.open.set(id, { response, id: message.id, token: message.params?._meta?.progressToken,
        isListening: message.method === "subscriptions/listen" });
      // Who hangs up gives the request up.
      response.on("close", () => this.open.delete(id) &&
        this.child.stdin.write(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } }) + "\n"));
      message = { ...message, id };
    }
    this.child.stdin.write(JSON.stringify(message) + "\n");
  }
}
let shared;

const isLocal = (name) => name === undefined || /^(https?:\/\/)?(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(name);

// The header must say what the message says.
function hasOtherVersion(request, message) {
  const said = message.params?._meta?.[PREFIX + "protocolVersion"], header = request.headers["mcp-protocol-version"];
  return said !== undefined && said !== header;
}

async function answer(request, response) {
  if (!isLocal(request.headers.host) || !isLocal(request.headers.origin))
    return response.writeHead(403).end();
  const held = sessions.get(request.headers["mcp-session-id"]);
  if (request.method === "DELETE") {
    held?.end();
    return response.writeHead(held ? 200 : 404).end();
  }
  if (request.method !== "POST")
    return response.writeHead(405).end();
  let body = "";
  for await (const part of request)
    body += part;
  const message = JSON.parse(body);
  const isModern = message.params?._meta?.[PREFIX + "protocolVersion"] !== undefined;
  if (hasOtherVersion(request, message))
    return response.writeHead(400, { "content-type": "application/json" })
      .end(JSON.stringify({ jsonrpc: "2.0", id: message.id ?? null, error: { code: -32020, message: "header mismatch" } }));
  const session = message.method === "initialize" && !isModern ? new Session() : isModern ? undefined : held;
  if (!session && request.headers["mcp-session-id"] !== undefined && !isModern)
    return response.writeHead(404).end();
  return (session ?? (shared ??= new Shared())).send(message, response);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((e) => response.writeHead(400).end(String(e)));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
process.on("SIGTERM", () => {
  for (const session of sessions.values())
    session.end();
  shared?.child.stdin.end();
  process.exit(0);
});
