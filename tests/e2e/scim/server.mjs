// SPDX-License-Identifier: Apache-2.0
// A SCIM 2.0 service provider (scimmy, scimmy-routers) with an Agent resource, on a Unix
// socket and over HTTPS.  usage: server.mjs DIRECTORY MODULES
// Prints {"port":N} and then a line for each request: method, status, was there a tag.
// A line "hang" on stdin: it answers nothing any more; "serve": it does again.
import { createRequire } from "node:module";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";

const [directory, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const loaded = require("scimmy"), SCIMMY = loaded.default ?? loaded;
const routers = require("scimmy-routers"), Routers = routers.default ?? routers;
const express = require("express");
const { Attribute, Error: ScimError, Resource, Schema, SchemaDefinition } = SCIMMY.Types;

const definition = new SchemaDefinition("Agent", "urn:ietf:params:scim:schemas:core:2.0:Agent", "an agent", [
  new Attribute("string", "agentUserName", { required: true }),
  new Attribute("boolean", "active"),
]);

class AgentSchema extends Schema {
  static get id() { return definition.id; }
  static get definition() { return definition; }
  constructor(resource, direction = "both", basepath, filters) {
    super(resource, direction);
    Object.assign(this, definition.coerce(resource, direction, basepath, filters));
  }
}

const agents = new Map();
const missing = (id) => new ScimError(404, null, `there is no agent ${id}`);
let path;

class Agent extends Resource {
  static get endpoint() { return "/Agents"; }
  static get schema() { return AgentSchema; }
  static basepath(p) {
    if (p === undefined) return path;
    path = p.endsWith("/Agents") ? p : `${p}/Agents`;
    return Agent;
  }
  static ingress() { return Agent; }
  static egress() { return Agent; }
  static degress() { return Agent; }
  async read() {
    if (!this.id) return new SCIMMY.Messages.ListResponse([...agents.values()].map((a) => new AgentSchema(a, "out", path)));
    if (!agents.has(this.id)) throw missing(this.id);
    return new AgentSchema(agents.get(this.id), "out", path);
  }
  async write(given) {
    const id = this.id ?? given.agentUserName;
    agents.set(id, { ...JSON.parse(JSON.stringify(new AgentSchema(given, "in"))), id });
    return new AgentSchema(agents.get(id), "out", path);
  }
  async patch(message) {
    if (!agents.has(this.id)) throw missing(this.id);
    await new SCIMMY.Messages.PatchOp(message).apply(new AgentSchema(agents.get(this.id)), (changed) => {
      agents.set(this.id, { ...JSON.parse(JSON.stringify(changed)), id: this.id });
      return agents.get(this.id);
    });
    return new AgentSchema(agents.get(this.id), "out", path);
  }
  async dispose() {
    if (!agents.delete(this.id)) throw missing(this.id);
  }
}
SCIMMY.Resources.declare(Agent);

let hangs = false;
const app = express();
app.use((request, response, next) => {
  if (hangs) return;
  response.on("finish", () => {
    const tag = request.headers["if-none-match"] ? "tag" : "-";
    console.log(`${request.method} ${response.statusCode} ${tag} ${request.headers.accept ?? ""}`);
  });
  next();
});
app.use("/", new Routers({
  type: "bearer",
  handler: (request) => {
    if (request.headers.authorization !== "Bearer for-scim") throw new Error("another token");
    return "test";
  },
}));

process.stdin.setEncoding("utf8").on("data", (text) => {
  for (const word of text.split("\n")) {
    if (word === "hang") hangs = true;
    if (word === "serve") hangs = false;
  }
}).on("end", () => process.exit(0));

http.createServer(app).listen(`${directory}/scim`, () => {
  const tls = { key: fs.readFileSync(`${directory}/key`), cert: fs.readFileSync(`${directory}/cert`) };
  const server = https.createServer(tls, app).listen(0, "127.0.0.1", () =>
    console.log(JSON.stringify({ port: server.address().port })));
});
