// SPDX-License-Identifier: Apache-2.0
// HTTP in front of a stdio server, for the conformance suite, which speaks HTTP only: each
// initialize starts a process, whose messages leave on the stream of an open request.
//
// usage: node bridge.mjs COMMAND [ARG...]     prints its URL
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import http from "node:http";
import readline from "node:readline";

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

async function answer(request, response) {
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
  const session = message.method === "initialize" ? new Session() : held;
  return session ? session.send(message, response) : response.writeHead(404).end();
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((e) => response.writeHead(400).end(String(e)));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
process.on("SIGTERM", () => {
  for (const session of sessions.values())
    session.end();
  process.exit(0);
});
