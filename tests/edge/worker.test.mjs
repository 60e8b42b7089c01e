// Tests the module for JavaScript with every vector, a clock, and the handler. tests/edge/run makes the folder MODULES.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node 18 has the global object under another name only.
const load = async (folder) => {
  const module = await import(`${process.env.MODULES}/${folder}/sealed_session_edge.js`);
  module.initSync({ module: await readFile(`${process.env.MODULES}/${folder}/sealed_session_edge_bg.wasm`) });
  return module;
};
const check = await load('check');
await load('worker');
const { default: worker } = await import(`${process.env.MODULES}/worker/worker.mjs`);

const env = { SESSION_KEY: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f' };
const ask = async (path, cookie) => {
  const request = new Request(`https://shop.test${path}`, cookie ? { headers: { cookie } } : {});
  const response = await worker.fetch(request, env);
  return { response, body: await response.text(), lines: response.headers.getSetCookie() };
};
const cookieOf = ({ lines }) => lines[0].split(';')[0];

test('every vector opens or is refused as it says, and what opens seals again', () => {
  console.log(check.checkVectors());
});

test('nothing asks for the time but the injected clock', () => {
  console.log(check.checkEveryOperation());
});

test('the default clock panics on this target, and here is how that looks', () => {
  assert.throws(() => check.systemClock(), WebAssembly.RuntimeError);
});

test('a visitor is known again by the cookie', async () => {
  const first = await ask('/');
  assert.equal(first.body, 'visit 1');
  assert.equal(first.response.headers.get('cache-control'), 'private, no-store');
  assert.equal(first.response.headers.get('vary'), 'Cookie');
  assert.equal(first.lines.length, 1);
  assert.match(first.lines[0], /^__Host-session=[\w-]+; HttpOnly; SameSite=Lax; Secure; Path=\/; Max-Age=86400$/);
  const second = await ask('/', cookieOf(first));
  assert.equal(second.body, 'visit 2');
  assert.notEqual(cookieOf(first), cookieOf(second));
});

test('the clock of the handler is that of JavaScript', async (context) => {
  const first = await ask('/');
  const now = Date.now();
  context.mock.method(Date, 'now', () => now + 86_399_000 - 1000);
  assert.equal((await ask('/', cookieOf(first))).body, 'visit 2');
  context.mock.method(Date, 'now', () => now + 86_401_000);
  assert.equal((await ask('/', cookieOf(first))).body, 'visit 1');
});

test('two seals never share a nonce', async () => {
  const nonces = await Promise.all(Array.from({ length: 200 }, async () => {
    const value = cookieOf(await ask('/')).split('=')[1];
    return Buffer.from(value, 'base64url').subarray(5, 29).toString('hex');
  }));
  assert.equal(new Set(nonces).size, nonces.length);
  assert.equal(new Set(nonces.join('').match(/../g)).size, 256);
});

test('logout deletes the cookie', async () => {
  const { lines } = await ask('/logout', cookieOf(await ask('/')));
  assert.match(lines[0], /^__Host-session=; .*Max-Age=0/);
});

test('a changed cookie is no session, and foreign bytes hide none', async () => {
  const cookie = cookieOf(await ask('/'));
  const changed = cookie.slice(0, -9) + (cookie.at(-9) === 'A' ? 'B' : 'A') + cookie.slice(-8);
  assert.equal((await ask('/', changed)).body, 'visit 1');
  assert.equal((await ask('/', `theme=\xff; ${cookie}; __%48ost-session=evil`)).body, 'visit 2');
});

test('a wrong key is an error that does not show it', async () => {
  const { Site } = await import(`${process.env.MODULES}/worker/sealed_session_edge.js`);
  assert.throws(() => new Site('5ecret'), (error) => /64 hexadecimal digits/.test(error.message) && !/5ecret/.test(error));
});

test('a site is built without random numbers and time, and without random numbers it sends no cookie', async (context) => {
  const { Site } = await import(`${process.env.MODULES}/worker/sealed_session_edge.js`);
  const refuse = () => { throw new Error('not at start-up'); };
  const random = context.mock.method(crypto, 'getRandomValues', refuse);
  const now = context.mock.method(Date, 'now', refuse);
  new Site(env.SESSION_KEY);
  assert.deepEqual([random.mock.callCount(), now.mock.callCount()], [0, 0]);
  now.mock.restore();
  const log = context.mock.method(console, 'error', () => {});
  const { response, lines } = await ask('/');
  assert.deepEqual([response.status, lines, random.mock.callCount()], [500, [], 1]);
  assert.match(log.mock.calls[0].arguments[0], /random/);
});
