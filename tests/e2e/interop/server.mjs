// SPDX-License-Identifier: Apache-2.0
// A server that offers what the scenarios of the conformance suite ask for, over stdio and
// without an SDK between the suite and the pipe.
import * as modern from "./modern.mjs";
import readline from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
const tell = (method, params) => say({ method, params });
const text = (t) => ({ type: "text", text: t });
const image = { type: "image", data: PNG, mimeType: "image/png" };
const embedded = (uri, t, mimeType = "text/plain") => ({ type: "resource", resource: { uri, mimeType, text: t } });
const string = { type: "string" };

let asked = 0;
const waiting = new Map();
function ask(method, params) {
  const id = asked++;
  say({ id, method, params });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

async function elicit(properties, required = []) {
  const r = await ask("elicitation/create", { message: "Please fill in", requestedSchema: { type: "object", properties, required } });
  return { content: [text(`Elicitation completed: action=${r.action}, content=${JSON.stringify(r.content)}`)] };
}

const tools = {
  test_simple_text: () => ({ content: [text("This is a simple text response for testing.")] }),
  test_image_content: () => ({ content: [image] }),
  test_audio_content: () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }),
  test_embedded_resource: () => ({ content: [embedded("test://embedded-resource", "This is an embedded resource content.")] }),
  test_multiple_content_types: () => ({
    content: [text("Multiple content types test:"), image,
      embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")],
  }),
  test_error_handling: () => ({ isError: true, content: [text("This tool intentionally returns an error for testing")] }),
  async test_tool_with_logging() {
    for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
      tell("notifications/message", { level: "info", logger: "test", data });
      await sleep(50);
    }
    return { content: [text("Tool with logging executed")] };
  },
  async test_tool_with_progress(_, token) {
    for (const progress of [0, 50, 100]) {
      if (token !== undefined)
        tell("notifications/progress", { progressToken: token, progress, total: 100 });
      await sleep(50);
    }
    return { content: [text("Tool with progress executed")] };
  },
  async test_sampling({ prompt }) {
    const r = await ask("sampling/createMessage", { messages: [{ role: "user", content: text(prompt) }], maxTokens: 100 });
    return { content: [text(`LLM response: ${r.content.text}`)] };
  },
  async test_elicitation({ message }) {
    const r = await ask("elicitation/create", { message, requestedSchema: { type: "object",
      properties: { username: string, email: string }, required: ["username", "email"] } });
    return { content: [text(`User response: ${r.action}, ${JSON.stringify(r.content)}`)] };
  },
  test_elicitation_sep1034_defaults: () => elicit({
    name: { type: "string", default: "John Doe" }, age: { type: "integer", default: 30 }, score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" }, verified: { type: "boolean", default: true } }),
  test_elicitation_sep1330_enums: () => {
    const three = (a, b) => [1, 2, 3].map((i) => ({ const: `value${i}`, title: `${["First", "Second", "Third"][i - 1]} ${a ?? b}` }));
    return elicit({
      untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
      titledSingle: { type: "string", oneOf: three("Option") },
      legacyEnum: { type: "string", enum: ["opt1", "opt2", "opt3"], enumNames: ["Option One", "Option Two", "Option Three"] },
      untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
      titledMulti: { type: "array", items: { anyOf: three("Choice") } } });
  },
  json_schema_2020_12_tool: () => ({ content: [text("done")] }),
};

const schemas = {
  test_sampling: { type: "object", properties: { prompt: string }, required: ["prompt"] },
  test_elicitation: { type: "object", properties: { message: string }, required: ["message"] },
  json_schema_2020_12_tool: {
    $schema: "https://json-schema.org/draft/2020-12/schema", type: "object",
    $defs: { address: { type: "object", properties: { street: string, city: string } } },
    properties: { name: string, address: { $ref: "#/$defs/address" } }, additionalProperties: false },
};

const user = (content) => ({ role: "user", content });
const prompts = {
  test_simple_prompt: [[], () => [user(text("This is a simple prompt for testing."))]],
  test_prompt_with_arguments: [["arg1", "arg2"], (a) => [user(text(`Prompt with arguments: arg1='${a.arg1}', arg2='${a.arg2}'`))]],
  test_prompt_with_embedded_resource: [["resourceUri"], (a) => [user(embedded(a.resourceUri, "Embedded resource content for testing.")),
    user(text("Please process the embedded resource above."))]],
  test_prompt_with_image: [[], () => [user(image), user(text("Please analyze the image above."))]],
};

const resources = {
  "test://static-text": { mimeType: "text/plain", text: "This is the content of the static text resource." },
  "test://static-binary": { mimeType: "image/png", blob: PNG },
  "test://watched-resource": { mimeType: "text/plain", text: "Watched resource content" },
};

function read(uri) {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id)
    return { uri, mimeType: "application/json", text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) };
  if (!resources[uri])
    throw Object.assign(new Error("Resource not found"), { code: -32002, data: { uri } });
  return { uri, ...resources[uri] };
}

function unknown() {
  throw Object.assign(new Error("Unknown tool"), { code: -32602 });
}

const methods = {
  initialize: (p) => ({
    protocolVersion: p.protocolVersion, serverInfo: { name: "conformance", version: "1" },
    capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, logging: {}, completions: {} } }),
  ping: () => ({}),
  "logging/setLevel": () => ({}),
  "completion/complete": () => ({ completion: { values: [], total: 0, hasMore: false } }),
  "tools/list": () => ({ tools: Object.keys(tools).map((name) => ({ name, description: name, inputSchema: schemas[name] ?? { type: "object" } })) }),
  "tools/call": (p) => (tools[p.name] ?? unknown)(p.arguments ?? {}, p._meta?.progressToken),
  "prompts/list": () => ({ prompts: Object.entries(prompts).map(([name, [args]]) =>
    ({ name, description: name, arguments: args.map((a) => ({ name: a, description: a, required: true })) })) }),
  "prompts/get": (p) => ({ messages: prompts[p.name][1](p.arguments ?? {}) }),
  "resources/list": () => ({ resources: Object.entries(resources).map(([uri, r]) => ({ uri, name: uri.slice(7), description: uri, mimeType: r.mimeType })) }),
  "resources/templates/list": () => ({ resourceTemplates: [{ uriTemplate: "test://template/{id}/data", name: "template", mimeType: "application/json" }] }),
  "resources/read": (p) => ({ contents: [read(p.uri)] }),
  "resources/subscribe": () => ({}),
  "resources/unsubscribe": () => ({}),
};

let isInitialized = false;
async function call(method, params) {
  if (!methods[method])
    throw Object.assign(new Error("Method not found"), { code: -32601 });
  return methods[method](params ?? {});
}

async function answer({ id, method, params }) {
  isInitialized ||= method === "initialize";
  if (modern.isModern({ params }, isInitialized))
    return modern.answer({ id, method, params }, call, say);
  try {
    say({ id, result: await call(method, params) });
  } catch (e) {
    say({ id, error: { code: e.code ?? -32603, message: e.message } });
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.method !== undefined && message.id !== undefined)
    answer(message);
  else if (message.method === "notifications/cancelled")
    modern.cancel(message.params.requestId, say);
  else if (message.method === undefined && waiting.has(message.id)) {
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    message.error ? reject(new Error(message.error.message)) : resolve(message.result);
  }
}
