// SPDX-License-Identifier: Apache-2.0
// What MCP servers in JavaScript do: Node, Deno and Bun run it. Exit 0 when all worked.
import assert from 'node:assert';
import { exec, execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'work-'));
const file = path.join(dir, 'file');

// Files, through the thread pool.
await fs.promises.writeFile(file, 'x'.repeat(100000));
await fs.promises.copyFile(file, `${file}.copy`);
await fs.promises.rename(`${file}.copy`, `${file}.moved`);
assert.equal((await fs.promises.readdir(dir)).length, 2);
assert.equal(fs.realpathSync(file), file);

// Workers with shared memory.
const shared = new SharedArrayBuffer(4);
const count = process.versions.bun ? 2 : 4;
await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
  const w = new Worker(
    'const { workerData } = require("node:worker_threads"); Atomics.add(new Int32Array(workerData), 0, 1);',
    { eval: true, workerData: shared });
  w.on('error', reject);
  w.on('exit', resolve);
})));
assert.equal(new Int32Array(shared)[0], count);

// Children: a shell, a pipe, an exit code, a signal.
assert.equal((await promisify(exec)('echo out; echo err >&2')).stdout, 'out\n');
assert.equal(execFileSync('cat', { input: 'through' }).toString(), 'through');
assert.equal(await new Promise((resolve) => spawn('sh', ['-c', 'exit 7']).on('exit', resolve)), 7);
const sleeper = spawn('sleep', ['100']);
const ended = new Promise((resolve) => sleeper.on('exit', (code, signal) => resolve(signal)));
sleeper.kill('SIGTERM');
assert.equal(await ended, 'SIGTERM');

// Changes of a directory.
await new Promise((resolve, reject) => {
  const w = fs.watch(dir, () => { w.close(); resolve(); });
  w.on('error', reject);
  fs.writeFileSync(path.join(dir, 'new'), 'x');
});

assert.equal(zlib.gunzipSync(zlib.gzipSync('text')).toString(), 'text');
assert.equal(crypto.scryptSync('a', 'b', 32).length, 32);
assert.ok(os.cpus().length > 0 && os.totalmem() > 0 && os.userInfo().username);
// A function hot enough to be compiled, and memory that is collected.
let sum = 0;
for (let i = 0; i < 3e6; i++) sum += [i].length;
assert.equal(sum, 3e6);
await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
fs.rmSync(dir, { recursive: true });
process.stderr.write('worked\n');
process.exit(0);
