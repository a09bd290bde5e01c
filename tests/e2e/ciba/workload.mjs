// SPDX-License-Identifier: Apache-2.0
// A SPIFFE Workload API for the tests, on grpc-js over a Unix socket.
//
// usage: node workload.mjs DIR MODULES     socket DIR/workload; keys trust.pem, svid.crt, svid.key
// DIR/mood, if it is there, says what to do: denied, silent, empty, other, unavailable
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [dir, modules] = process.argv.slice(2);
const load = createRequire(path.join(modules, 'x.js'));
const grpc = load('@grpc/grpc-js'), loader = load('@grpc/proto-loader');
const proto = grpc.loadPackageDefinition(loader.loadSync(new URL('./workload.proto', import.meta.url).pathname, { keepCase: true }));
const file = (name) => readFileSync(path.join(dir, name));
const id = 'spiffe://test.example/broker', part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(audience, sub) {
  const now = Math.floor(Date.now() / 1000), text = `${part({ alg: 'ES256', kid: 't', typ: 'JWT' })}.${part({ sub, aud: [audience], exp: now + 60, iat: now })}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: createPrivateKey(file('trust.pem')), dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

// An error for the call, or the SPIFFE ID to say.
function judge(call) {
  const mood = existsSync(path.join(dir, 'mood')) ? file('mood').toString() : '';
  if (call.metadata.get('workload.spiffe.io')[0] !== 'true') return { error: { code: grpc.status.INVALID_ARGUMENT, details: 'security header missing' } };
  if (mood === 'denied') return { error: { code: grpc.status.PERMISSION_DENIED, details: 'no identity issued' } };
  if (mood === 'unavailable') return { error: { code: grpc.status.UNAVAILABLE, details: 'not yet' } };
  return { mood, id: mood === 'other' ? 'spiffe://test.example/other' : id };
}

const server = new grpc.Server();
server.addService(proto.SpiffeWorkloadAPI.service, {
  FetchJWTSVID(call, done) {
    const j = judge(call), audience = call.request.audience[0];
    if (j.error || !audience) done(j.error ?? { code: grpc.status.INVALID_ARGUMENT, details: 'no audience' });
    else if (j.mood !== 'silent') done(null, { svids: j.mood === 'empty' ? [] : [{ spiffe_id: j.id, svid: token(audience, j.id), hint: 'h' }] });
  },
  FetchX509SVID(call) {
    const j = judge(call);
    if (j.error) call.emit('error', j.error);
    else if (j.mood !== 'silent') {
      call.write({ svids: j.mood === 'empty' ? [] : [{ spiffe_id: j.id, x509_svid: new X509Certificate(file('svid.crt')).raw,
        x509_svid_key: createPrivateKey(file('svid.key')).export({ format: 'der', type: 'pkcs8' }), bundle: new X509Certificate(file('ca.pem')).raw }],
        federated_bundles: { 'other.example': Buffer.from('x') } });
    }
  },
});
server.bindAsync(`unix:${path.join(dir, 'workload')}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log('ready');
});
