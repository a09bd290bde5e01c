// SPDX-License-Identifier: Apache-2.0
// A peer in Node: "readline" and JSON.parse, or "sdk": the reader of the TypeScript SDK.
// Lies beside node_modules when it runs.
import readline from "node:readline";

const hex = (s) => '"' + Buffer.from(s, "utf8").toString("hex");
const number = (n) => {
  const b = Buffer.alloc(8);
  b.writeDoubleBE(n);
  return "#" + b.toString("hex");
};

function show(v) {
  if (v === null)
    return "n";
  if (typeof v === "boolean")
    return v ? "t" : "f";
  if (typeof v === "number")
    return number(v);
  if (typeof v === "string")
    return hex(v);
  if (Array.isArray(v))
    return "[" + v.map(show).join(",") + "]";
  const names = Object.keys(v).map((k) => [Buffer.from(k, "utf8"), k]);
  names.sort(([a], [b]) => Buffer.compare(a, b));
  return "{" + names.map(([, k]) => hex(k) + ":" + show(v[k])).join(",") + "}";
}

const out = [];
if (process.argv[2] === "readline") {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity }))
    out.push(show(JSON.parse(line)));
} else {
  const { ReadBuffer } = await import("@modelcontextprotocol/sdk/shared/stdio.js");
  const buffer = new ReadBuffer();
  for await (const chunk of process.stdin) {
    buffer.append(chunk);
    for (let m; (m = buffer.readMessage()) !== null;)
      out.push(show(m));
  }
}
process.stdout.write(out.map((l) => l + "\n").join(""));
