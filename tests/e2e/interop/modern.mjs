// SPDX-License-Identifier: Apache-2.0
// What a server answers in the era of 2026-07-28, where every request stands alone: for
// the scenarios of the conformance suite, beside server.mjs, which has the contents.
import { createHmac, randomBytes } from "node:crypto";

const PREFIX = "io.modelcontextprotocol/";
const VERSION = "2026-07-28";
const secret = randomBytes(32);
const listening = new Map(); // id of subscriptions/listen to what it wants

const fail = (code, message, data) => Object.assign(new Error(message), { code, data });
const text = (t) => ({ content: [{ type: "text", text: t }] });
const form = (message, name, type = "string") => ({
  method: "elicitation/create",
  params: { message, requestedSchema: { type: "object", properties: { [name]: { type } }, required: [name] } } });
const sample = (question, maxTokens = 100) => ({
  method: "sampling/createMessage",
  params: { messages: [{ role: "user", content: { type: "text", text: question } }], maxTokens } });
const roots = { method: "roots/list", params: {} };

const sign = (state) => {
  const body = Buffer.from(JSON.stringify(state)).toString("base64url");
  return body + "." + createHmac("sha256", secret).update(body).digest("base64url");
};
function opened(text) {
  const [body, mac] = String(text).split(".");
  if (createHmac("sha256", secret).update(body).digest("base64url") !== mac)
    throw fail(-32602, "requestState is not ours");
  return JSON.parse(Buffer.from(body, "base64url"));
}
const need = (inputRequests, state) =>
  ({ resultType: "input_required", inputRequests, ...(state === undefined ? {} : { requestState: sign(state) }) });
const filled = (answers, key, member) => typeof answers?.[key]?.content?.[member] === "string" && answers[key].content[member];

// Each gets the client's answers, its capabilities, the state that it echoed and the request.
const tools = {
  test_input_required_result_elicitation(answers) {
    const name = filled(answers, "user_name", "name");
    return name ? text(`Hello, ${name}!`) : need({ user_name: form("What is your name?", "name") });
  },
  test_input_required_result_sampling(answers) {
    const answer = answers?.capital_question;
    return answer ? text(`The model says: ${answer.content?.text}`) : need({ capital_question: sample("What is the capital of France?") });
  },
  test_input_required_result_list_roots(answers) {
    const list = answers?.client_roots?.roots;
    return list ? text(`Roots: ${list.map((r) => r.uri).join(", ")}`) : need({ client_roots: roots });
  },
  test_input_required_result_request_state: (answers, _, state) =>
    answers && state ? text("state-ok") : need({ confirm: form("Please confirm", "ok", "boolean") }, { step: 1 }),
  test_input_required_result_multiple_inputs: (answers, _, state) =>
    answers?.user_name && answers.greeting && answers.client_roots && state ? text("all there") :
      need({ user_name: form("What is your name?", "name"), greeting: sample("Generate a greeting", 50), client_roots: roots }, { step: 1 }),
  test_input_required_result_multi_round(answers, _, state) {
    if (state?.step === 2 && answers?.step2)
      return text("done");
    return state?.step === 1 && answers?.step1 ? need({ step2: form("Step 2: What is your favorite color?", "color") }, { step: 2 }) :
      need({ step1: form("Step 1: What is your name?", "name") }, { step: 1 });
  },
  test_input_required_result_tampered_state: (answers, _, state) =>
    state ? text("state-ok") : need({ confirm: form("Please confirm", "ok", "boolean") }, { step: 1 }),
  test_input_required_result_capabilities(answers, can) {
    const all = { ...(can.elicitation && { name: form("Your name?", "name") }), ...(can.sampling && { question: sample("Which?") }),
      ...(can.roots && { roots }) };
    return answers || !Object.keys(all).length ? text("done") : need(all);
  },
  test_missing_capability(_, can) {
    if (!can.sampling)
      throw fail(-32021, "a capability is missing", { requiredCapabilities: { sampling: {} } });
    return text("done");
  },
  test_streaming_elicitation(answers, can, state, { token, tell }) {
    if (token !== undefined)
      tell("notifications/progress", { progressToken: token, progress: 1, total: 2 });
    return answers ? text("done") : need({ confirm: form("Go on?", "ok", "boolean") });
  },
  test_logging_tool(answers, can, state, { logs, tell }) {
    if (logs)
      tell("notifications/message", { level: logs, data: "logged" });
    return text("done");
  },
  test_trigger_tool_change: (answers, can, state, { changed }) => (changed("toolsListChanged", "tools"), text("changed")),
  test_trigger_prompt_change: (answers, can, state, { changed }) => (changed("promptsListChanged", "prompts"), text("changed")),
};
export const names = Object.keys(tools);
export const PROMPT = "test_input_required_result_prompt";

const prompt = (answers) => filled(answers, "user_context", "context") ?
  { messages: [{ role: "user", content: { type: "text", text: `In the context of ${answers.user_context.content.context}` } }] } :
  need({ user_context: form("What context should the prompt use?", "context") });

const cacheable = new Set(["tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read", "server/discover"]);
const removed = new Set(["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]);

// Of the modern era, or of none: then it needs what every modern request has.
export const isModern = (message, isInitialized) =>
  message.params?._meta?.[PREFIX + "protocolVersion"] !== undefined || !isInitialized;

export function cancel(id, say) {
  if (listening.delete(id))
    say({ id, result: { resultType: "complete", _meta: { [PREFIX + "subscriptionId"]: id } } });
}

async function result({ id, method, params }, legacy, say) {
  const meta = params?._meta ?? {};
  const version = meta[PREFIX + "protocolVersion"], can = meta[PREFIX + "clientCapabilities"];
  const tell = (name, p) => say({ method: name, params: p });
  const tagged = (to, p = {}) => ({ ...p, _meta: { [PREFIX + "subscriptionId"]: to } });
  const changed = (wanted, kind) => {
    for (const [to, filter] of listening)
      if (filter[wanted])
        tell(`notifications/${kind}/list_changed`, tagged(to));
  };

  if (typeof version !== "string" || typeof can !== "object")
    throw fail(-32602, "protocolVersion and clientCapabilities are needed in _meta");
  if (version !== VERSION)
    throw fail(-32022, "unsupported protocol version", { supported: [VERSION], requested: version });
  if (removed.has(method))
    throw fail(-32601, "Method not found");
  if (method === "server/discover")
    return { supportedVersions: [VERSION], capabilities: { tools: { listChanged: true }, prompts: { listChanged: true }, resources: {}, completions: {} } };
  if (method === "subscriptions/listen") {
    listening.set(id, params.notifications ?? {});
    tell("notifications/subscriptions/acknowledged", tagged(id, { notifications: params.notifications ?? {} }));
    return undefined;
  }
  const state = params.requestState === undefined ? undefined : opened(params.requestState);
  const about = { token: meta.progressToken, logs: meta[PREFIX + "logLevel"], tell, changed };
  if (method === "tools/call" && tools[params.name])
    return tools[params.name](params.inputResponses, can, state, about);
  if (method === "prompts/get" && params.name === PROMPT)
    return prompt(params.inputResponses);
  const r = await legacy(method, params);
  if (method === "tools/list")
    r.tools.push(...names.map((name) => ({ name, description: name, inputSchema: { type: "object" } })));
  if (method === "prompts/list")
    r.prompts.push({ name: PROMPT, description: PROMPT });
  return r;
}

export async function answer(message, legacy, say) {
  try {
    const r = await result(message, legacy, say);
    if (r === undefined)
      return;
    const hints = cacheable.has(message.method) ? { ttlMs: 1000, cacheScope: "private" } : {};
    say({ id: message.id, result: { resultType: "complete", ...hints, ...r,
      _meta: { ...r._meta, [PREFIX + "serverInfo"]: { name: "conformance", version: "1" } } } });
  } catch (e) {
    const code = e.code === -32002 ? -32602 : e.code ?? -32603;
    say({ id: message.id, error: { code, message: e.message, ...(e.data && { data: e.data }) } });
  }
}
