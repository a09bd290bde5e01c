// SPDX-License-Identifier: Apache-2.0
// An authorization server for the tests: oidc-provider with CIBA (poll) and
// authorization_details over HTTPS on loopback, and a control port of its own by which the
// test plays the approver and the server's moods.  What oidc-provider does not send
// (interval, slow_down) is added to its answers here.
//
// usage: node server.mjs DIR MODULES     DIR holds key.pem, cert.pem, ca.pem, and the public keys of
// clients: client.pem, rsa.pub, ed.pub; trust.pub is the trust domain's, for JWT-SVIDs
// stdout: one line, {"issuer": ..., "control": ...}
import { createPublicKey, generateKeyPairSync, randomBytes, sign as signBytes, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [dir, modules] = process.argv.slice(2);
const load = createRequire(path.join(modules, 'x.js'));
const { default: Provider, errors } = await import(pathToFileURL(load.resolve('oidc-provider')));
const file = (name) => readFileSync(path.join(dir, name));
const mood = { slow: 0, busy: 0, expiresIn: 0, alg: process.env.ALG ?? 'ES256', tamper: '', exchange: '', tokenLife: 60 };
const exchanges = [];
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange', ACCESS = 'urn:ietf:params:oauth:token-type:access_token';
const open = new Map(); // auth_req_id -> what was asked
const polls = [];
const requests = [];
let lastIdToken;

const sign = mood.alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) :
  mood.alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...sign.privateKey.export({ format: 'jwk' }), kid: 'as-1', use: 'sig', alg: mood.alg };
const key = (name, kid) => ({ ...createPublicKey(file(name)).export({ format: 'jwk' }), kid, use: 'sig' });
const client = key('client.pem', 'shim-1'), algorithms = ['ES256', 'PS256', 'RS256', 'EdDSA'];
const spiffeId = 'spiffe://test.example/broker';

const shared = {
  grant_types: ['urn:openid:params:grant-type:ciba', EXCHANGE], response_types: [], redirect_uris: [], scope: 'openid',
  backchannel_token_delivery_mode: 'poll', id_token_signed_response_alg: mood.alg, authorization_details_types: ['mcp_tool_call'],
};
const clients = [
  { ...shared, client_id: 'post', client_secret: 'not so secret', token_endpoint_auth_method: 'client_secret_post' },
  { ...shared, client_id: 'ba sic', client_secret: 'p:t+/ %', token_endpoint_auth_method: 'client_secret_basic' },
  { ...shared, client_id: 'jwt', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [client] }, token_endpoint_auth_signing_alg: 'ES256' },
  { ...shared, client_id: 'tls', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=shim' },
  { ...shared, client_id: 'rsa', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key('rsa.pub', 'rsa-1')] }, token_endpoint_auth_signing_alg: 'PS256' },
  { ...shared, client_id: 'ed', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key('ed.pub', 'ed-1')] }, token_endpoint_auth_signing_alg: 'EdDSA' },
  { ...shared, client_id: 'signed', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [client] }, token_endpoint_auth_signing_alg: 'ES256',
    backchannel_authentication_request_signing_alg: 'ES256' },
  { ...shared, client_id: 'signed post', client_secret: 'not so secret', token_endpoint_auth_method: 'client_secret_post', jwks: { keys: [key('rsa.pub', 'rsa-1')] },
    backchannel_authentication_request_signing_alg: 'PS256' },
  { ...shared, client_id: 'coded', client_secret: 'not so secret', token_endpoint_auth_method: 'client_secret_post', backchannel_user_code_parameter: true },
  { ...shared, client_id: 'workload', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_uri: spiffeId },
  { ...shared, client_id: spiffeId, client_secret: 'of the fixture', token_endpoint_auth_method: 'client_secret_post' },
];
const peer = (ctx) => ctx.req.socket.getPeerX509Certificate?.();
const asked = (text) => (text ? JSON.parse(text) : undefined);

function provider(issuer) {
  const p = new Provider(issuer, {
    clients, jwks: { keys: [jwk] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    acrValues: ['high'],
    enabledJWA: { clientAuthSigningAlgValues: algorithms, requestObjectSigningAlgValues: algorithms, idTokenSigningAlgValues: algorithms },
    ttl: { BackchannelAuthenticationRequest: (ctx) => mood.expiresIn || +(ctx.oidc.params.requested_expiry ?? 60), AccessToken: 60, IdToken: 60, Grant: 60 },
    features: {
      devInteractions: { enabled: false }, registration: { enabled: !!process.env.OPEN_REGISTRATION }, requestObjects: { enabled: true }, resourceIndicators: { enabled: true, defaultResource: () => undefined, useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, audience) => ({ scope: 'call', audience, accessTokenTTL: 60, accessTokenFormat: 'opaque' }) },
      mTLS: { enabled: true, tlsClientAuth: true, getCertificate: peer, certificateAuthorized: (ctx) => ctx.req.socket.authorized,
        certificateSubjectMatches: (ctx, property, want) => (property === 'tls_client_auth_san_uri' ?
          (peer(ctx)?.subjectAltName ?? '').split(', ').includes(`URI:${want}`) : peer(ctx)?.subject === want) },
      richAuthorizationRequests: { enabled: true, types: { mcp_tool_call: { validate: (_ctx, d) => {
        if (!/^[0-9a-f]{64}$/.test(d.call_digest?.value ?? '')) throw new errors.InvalidAuthorizationDetails('call_digest');
      } } },
      authorizationDetailsForGrantSource: (ctx) => asked(ctx.oidc.params.authorization_details),
      authorizationDetailsForAccessToken: (_ctx, token, source) => source?.rar ?? token.rar,
      authorizationDetailsForIntrospection: (_ctx, token) => token.rar },
      ciba: { enabled: true, deliveryModes: ['poll'], processLoginHint: (_ctx, hint) => hint, processLoginHintToken: (_ctx, token) => (token === 'hint.for.alice' ? 'alice' : undefined),
        verifyUserCode: (ctx, _account, code) => { if (ctx.oidc.client.backchannelUserCodeParameter && code !== '4711') throw new errors.InvalidUserCode(); }, validateRequestContext: () => {},
        validateBindingMessage: (_ctx, text) => { if (!/^[a-zA-Z0-9-._+/!?#]{1,20}$/.test(text ?? '')) throw new errors.InvalidBindingMessage('text'); },
        triggerAuthenticationDevice: (_ctx, request) => { open.set(request.jti, { user: request.accountId, client: request.clientId, params: request.params }); } },
    },
  });
  // RFC 8693, which oidc-provider does not have: the client is authenticated by it, and the
  // token signed with its key; each mood is one way to answer wrongly.
  p.registerGrantType(EXCHANGE, async (...a) => {
    const ctx = a.find((x) => x?.oidc), q = ctx.oidc.params, client = ctx.oidc.client.clientId, now = Math.floor(Date.now() / 1000);
    exchanges.push({ ...q, client });
    if (q.subject_token !== 'the-token-of-alice-herself' && q.subject_token !== 'another-token-of-alice') throw new errors.InvalidRequest('subject_token');
    const life = mood.exchange === 'long' ? 7200 : mood.tokenLife, m = mood.exchange;
    const claims = { iss: issuer, sub: 'alice', aud: m === 'aud' ? [q.audience, 'https://other/'] : q.audience, scope: m === 'scope' ? `${q.scope} admin` : q.scope,
      iat: now, exp: now + life, jti: randomBytes(8).toString('hex'), act: { sub: m === 'actor' ? 'somebody' : client, act: { sub: 'older' } } };
    if (m === 'noact') delete claims.act;
    const text = [{ alg: 'ES256', kid: 'as-1', typ: 'at+jwt' }, claims].map((x) => Buffer.from(JSON.stringify(x)).toString('base64url')).join('.');
    const jwt = `${text}.${signBytes('sha256', Buffer.from(m === 'signature' ? 'x' : text), { key: sign.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    const opaque = `opaque-${randomBytes(12).toString('hex')}`;
    if (m === 'refuse') throw new errors.InvalidTarget('not for you');
    ctx.body = { access_token: m === 'own' ? q.subject_token : m === 'opaque' ? opaque : jwt, issued_token_type: m === 'type' ? 'urn:ietf:params:oauth:token-type:refresh_token' : ACCESS,
      token_type: 'Bearer', expires_in: life, scope: m === 'granted' ? `${q.scope} admin` : q.scope };
    exchanges.at(-1).token = ctx.body.access_token;
  }, ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type', 'audience', 'resource', 'scope'], ['audience', 'resource']);
  p.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route === 'backchannel_authentication') {
      requests.push(ctx.oidc.params);
      if (ctx.status === 200) ctx.body.interval = 1;
    }
    if (ctx.oidc?.route === 'token' && ctx.oidc.params?.grant_type !== EXCHANGE) {
      polls.push({ at: performance.now(), error: ctx.body?.error });
      if (ctx.body?.error === 'authorization_pending' && mood.slow) { mood.slow -= 1; ctx.body.error = 'slow_down'; polls.at(-1).error = 'slow_down'; }
      if (ctx.status === 200) lastIdToken = ctx.body.id_token;
      if (ctx.status === 200 && mood.tamper === 'details') ctx.body.authorization_details[0].identifier = 'another';
      if (ctx.status === 200 && mood.tamper === 'none') delete ctx.body.authorization_details;
      if (ctx.status === 200 && mood.tamper === 'signature') ctx.body.id_token = ctx.body.id_token.replace(/.{8}$/, 'AAAAAAAA');
      if (ctx.status === 200 && mood.tamper === 'alg') ctx.body.id_token = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${ctx.body.id_token.split('.')[1]}.`;
      if (ctx.status === 200 && mood.tamper === 'huge') ctx.body.junk = 'x'.repeat(300 * 1024);
    }
  });
  return p;
}

async function control(p, req, res) {
  const url = new URL(req.url, 'http://x'), id = url.searchParams.get('id');
  let answer = {};
  if (url.pathname === '/list') answer = Object.fromEntries(open);
  if (url.pathname === '/polls') answer = polls;
  if (url.pathname === '/exchanges') answer = exchanges;
  if (url.pathname === '/requests') answer = requests;
  if (url.pathname === '/idtoken') answer = lastIdToken;
  if (url.pathname === '/mood') for (const [k, v] of url.searchParams) mood[k] = typeof mood[k] === 'number' ? +v : v;
  if (url.pathname === '/no') await p.backchannelResult(id, new errors.AccessDenied());
  if (url.pathname === '/yes') {
    const o = open.get(id), accountId = url.searchParams.get('as') ?? o.user;
    if (accountId !== o.user) (await p.BackchannelAuthenticationRequest.find(id)).accountId = accountId;
    const grant = new p.Grant({ accountId, clientId: o.client });
    grant.addOIDCScope('openid');
    const request = await p.BackchannelAuthenticationRequest.find(id);
    request.accountId = accountId;
    await request.save(60);
    await p.backchannelResult(request, await grant.save(), { acr: url.searchParams.get('acr') ?? undefined, rar: asked(o.params.authorization_details) });
  }
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify(answer));
}

// draft-ietf-oauth-spiffe-client-auth, which oidc-provider does not know: the JWT-SVID is
// checked here, and the request goes on as that client's with a secret.
const trust = createPublicKey(file('trust.pub')), part = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());
async function spiffe(req, issuer) {
  let raw = '';
  for await (const chunk of req) raw += chunk;
  const q = new URLSearchParams(raw);
  if (q.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe') {
    const [h, c, s] = q.get('client_assertion').split('.'), header = part(h), claims = part(c);
    const good = header.alg === 'ES256' && verify('sha256', Buffer.from(`${h}.${c}`), { key: trust, dsaEncoding: 'ieee-p1363' }, Buffer.from(s, 'base64url'));
    if (!good || claims.sub !== spiffeId || [].concat(claims.aud).join() !== issuer || claims.exp < Date.now() / 1000) return false;
    q.delete('client_assertion'); q.delete('client_assertion_type');
    q.set('client_id', spiffeId); q.set('client_secret', 'of the fixture');
  }
  req.body = Object.fromEntries(q);
  return true;
}

const tls = https.createServer({ key: file('key.pem'), cert: file('cert.pem'), ca: file('ca.pem'), requestCert: true, rejectUnauthorized: false });
tls.listen(0, '127.0.0.1', () => {
  const issuer = `https://localhost:${tls.address().port}`, p = provider(issuer), app = p.callback();
  tls.on('request', async (req, res) => {
    if (mood.busy && req.url.startsWith('/token')) { mood.busy -= 1; res.statusCode = 503; res.end(); return; }
    if (req.url.startsWith('/redirect')) { res.writeHead(302, { location: issuer + '/.well-known/openid-configuration' }); res.end(); return; }
    if (req.method === 'POST' && /urlencoded/.test(req.headers['content-type'] ?? '') && !await spiffe(req, issuer)) {
      res.writeHead(401, { 'content-type': 'application/json' });
      res.end('{"error":"invalid_client"}');
      return;
    }
    app(req, res);
  });
  const side = http.createServer((req, res) => control(p, req, res).catch((e) => { res.statusCode = 500; res.end(String(e.stack)); }));
  const socket = path.join(dir, 'control');
  side.listen(socket, () => console.log(JSON.stringify({ issuer, control: socket })));
});
