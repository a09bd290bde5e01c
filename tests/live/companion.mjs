// SPDX-License-Identifier: Apache-2.0
// What the probe program tries by system calls, tried as a Node server would.
// Prints "NAME ANSWER", on stderr when out=stderr is given.
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const given = Object.fromEntries(process.argv.slice(2).filter((a) => a.includes('='))
  .map((a) => [a.slice(0, a.indexOf('=')), a.slice(a.indexOf('=') + 1)]));
const out = given.out === 'stderr' ? process.stderr : process.stdout;
const port = Number(given.port);

async function attempt(name, action) {
  let answer;
  try {
    const result = await action();
    answer = result === true ? 'yes' : result === false ? 'no' : 'ok';
  } catch (error) {
    const cause = error.cause ?? error;
    answer = cause.code ?? cause.errors?.[0]?.code ?? cause.name;
  }
  out.write(`js_${name} ${answer}\n`);
}

const connect = (to) => new Promise((resolve, reject) => {
  const s = net.connect(to, () => { s.destroy(); resolve(); });
  s.on('error', reject);
});
const listen = (to) => new Promise((resolve, reject) => {
  const s = net.createServer().listen(to, () => s.close(() => resolve()));
  s.on('error', reject);
});
const udp = () => new Promise((resolve, reject) => {
  const s = dgram.createSocket('udp4');
  s.on('error', reject);
  s.send('x', port, '127.0.0.1', (e) => { s.close(); e ? reject(e) : resolve(); });
});
// The listener never answers: to be connected is the answer.
async function http() {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) });
  } catch (error) {
    if (error.name !== 'TimeoutError') throw error;
  }
}
function run(command, args) {
  const r = spawnSync(command, args, { stdio: 'ignore' });
  if (r.error) throw r.error;
  return r.status === 0;
}
function runFrom(dir) {
  const file = path.join(dir, 'js-script.sh');
  fs.writeFileSync(file, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  try {
    return run(file, []);
  } finally {
    fs.unlinkSync(file);
  }
}
const worker = () => new Promise((resolve, reject) => {
  const w = new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true });
  w.on('message', () => resolve());
  w.on('error', reject);
});
const watch = () => new Promise((resolve, reject) => {
  const w = fs.watch(given.write, () => { w.close(); resolve(); });
  w.on('error', reject);
  fs.writeFileSync(path.join(given.write, 'watched'), 'x');
});

for (const [name, action] of [
  ['tcp', () => connect({ host: '127.0.0.1', port })],
  ['tcp6', () => connect({ host: '::1', port })],
  ['udp', udp],
  ['fetch', http],
  ['resolve', () => dns.lookup('mcpc-live.invalid')],
  ['query', () => dns.resolve4('mcpc-live.invalid')],
  ['listen_tcp', () => listen({ host: '127.0.0.1', port: 0 })],
  ['listen_unix', () => listen({ path: path.join(os.tmpdir(), 'js-socket') })],
  ['unix_in_tmp', () => connect({ path: given.sock })],
  ['ssh_key', () => fs.readFileSync(path.join(given.home, '.ssh/id_test'))],
  ['outside', () => fs.readFileSync(given.beside)],
  ['symlink_out', () => fs.readFileSync(path.join(given.write, 'link-out'))],
  ['read_only_write', () => fs.writeFileSync(path.join(given.read, 'file'), 'x')],
  ['signal_victim', () => process.kill(Number(given.victim), 0)],
  ['run_from_tmp', () => runFrom(os.tmpdir())],
  ['run_from_granted', () => runFrom(given.write)],
  ['setuid', () => fs.chmodSync(path.join(given.write, 'file'), 0o4755)],
  ['child_process', () => run(process.execPath, ['-e', ''])],
  ['interfaces', () => Object.values(os.networkInterfaces()).flat().length > 0],
  ['worker', worker],
  ['watch', watch],
]) {
  await attempt(name, action);
}
