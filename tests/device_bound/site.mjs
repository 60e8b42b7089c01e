// A site with device-bound sessions, a Chromium that visits it, and a thief with copied cookies. The script ./run sets SERVER, CHROMIUM,
// DEMO, MODULES (a folder with playwright-core), and CERTIFICATES (a folder with cert.pem, key.pem and spki.txt).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as send } from 'node:http';
import { createServer as createSecureServer, request as sendSecurely } from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const { chromium } = createRequire(process.env.MODULES)('playwright-core');
const file = (name) => readFileSync(join(process.env.CERTIFICATES, name), 'utf8').trim();
const TLS = { cert: file('cert.pem'), key: file('key.pem') };
export const LIFETIME = 180; // seconds: the shortest that the crate allows
export const SESSION = '__Host-session';
export const BOUND = '__Host-session-bound';
export const ROUTE = '/device-binding';

/** Reads a stream to its end. */
async function whole(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Starts a server. The answer is the port that it prints. */
async function spawned(t, program, ...options) {
  const server = spawn(program, ...options);
  t.after(() => server.kill());
  for await (const line of createInterface({ input: server.stdout })) {
    const port = /(\d+)$/.exec(line)?.[1];
    if (port) return port;
  }
  throw new Error(`${program} did not start`);
}

const OUTPUT = { stdio: ['ignore', 'pipe', 'inherit'] };

/** The site of the tests, behind https. */
export async function start(t, lifetime = LIFETIME) {
  const port = await spawned(t, process.env.SERVER, [lifetime], OUTPUT);
  const control = (path, body) => fetch(`http://127.0.0.1:${port}/test/${path}`, { method: 'POST', body });
  const site = await secured(t, port);
  return Object.assign(site, { control, advance: (seconds) => control('advance', `${seconds}`) });
}

/** The demo, behind https. */
export async function demo(t) {
  const env = { PORT: '0', TIDEWAY_SESSION_COOKIE_NAME: SESSION, TIDEWAY_SESSION_COOKIE_SECURE: 'true' };
  return secured(t, await spawned(t, process.env.DEMO, [], { ...OUTPUT, env }));
}

/**
 * Puts a server that speaks https in front of one that does not, as a load balancer is. `log` has every request that came through it
 * with its answer, and `maxAge`, if it is set, replaces the Max-Age of the bound cookie: so the cookie expires in the browser while
 * the test looks on.
 */
async function secured(t, port) {
  const site = { log: [], maxAge: null };
  const front = createSecureServer(TLS, async (incoming, outgoing) => {
    const entry = { method: incoming.method, path: incoming.url, headers: incoming.headers, body: await whole(incoming) };
    const request = send({ port, host: '127.0.0.1', method: entry.method, path: entry.path, headers: entry.headers });
    request.on('error', () => outgoing.destroy());
    request.end(entry.body);
    const [response] = await once(request, 'response');
    Object.assign(entry, { status: response.statusCode, answer: response.headers });
    const cookies = response.headers['set-cookie']?.map((line) => {
      const isBound = line.startsWith(`${BOUND}=`) && site.maxAge !== null;
      return isBound ? line.replace(/Max-Age=\d+/, `Max-Age=${site.maxAge}`) : line;
    });
    site.log.push(Object.assign(entry, { answerBody: await whole(response) }));
    outgoing.writeHead(response.statusCode, { ...response.headers, ...(cookies && { 'set-cookie': cookies }) });
    outgoing.end(entry.answerBody);
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  t.after(() => { front.close(); front.closeAllConnections(); });
  site.origin = `https://localhost:${front.address().port}`;
  site.proofs = () => site.log.filter(({ path }) => path === ROUTE);
  return site;
}

/** A profile on disk, which outlives each browser that is opened on it. The quota of signatures, six in nine minutes, is off. */
export async function profile(t) {
  const folder = await mkdtemp(join(tmpdir(), 'device-bound-'));
  let context;
  t.after(async () => { await context?.close(); await rm(folder, { recursive: true, force: true }); });
  return async () => {
    context = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: process.env.CHROMIUM,
      chromiumSandbox: process.getuid() !== 0, // Chromium has no sandbox for root.
      args: [
        '--enable-features=DeviceBoundSessions:RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
        `--ignore-certificate-errors-spki-list=${file('spki.txt')}`,
      ],
      env: { ...process.env, HOME: folder },
    });
    return { context, page: context.pages()[0] };
  };
}

/** Waits until a condition holds. What it waits for takes less than a second, and half a minute means that it never comes. */
export async function until(condition) {
  for (let tries = 0; tries < 300; tries += 1) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never came: ${condition}`);
}

/** Fetches from the page, with a body or without. */
export const fetched = (page, path, body) =>
  page.evaluate(async ([path, body]) => {
    const response = await fetch(path, body === undefined ? {} : { method: 'POST', body });
    return response.text();
  }, [path, body]);

/** What a request of the page looks like to the application. */
export const state = async (page, body) => JSON.parse(await fetched(page, '/state', body));

/** What a navigation looks like to the application. */
export const shown = async (page) => JSON.parse(await page.innerText('pre'));

/** The cookies of the browser, by name. */
export async function jar(context, site) {
  return Object.fromEntries((await context.cookies(site.origin)).map(({ name, value }) => [name, value]));
}

/** Sends a request from elsewhere, with cookies that were copied. */
export async function elsewhere(site, cookies, { path = '/state', method = 'GET', headers = {} } = {}) {
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join('; ');
  const request = sendSecurely(site.origin + path, { method, headers: { ...headers, cookie }, rejectUnauthorized: false });
  request.end();
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, body: await whole(response) };
}
export const seenElsewhere = async (site, cookies) => JSON.parse((await elsewhere(site, cookies)).body);

/** Logs in, and waits until the browser has registered its key. Returns the session cookie of the login response. */
export async function login(page, context, site, user = 'ada') {
  await page.goto(`${site.origin}/`);
  await fetched(page, '/login', user);
  const { answer } = site.log.findLast(({ path }) => path === '/login');
  await until(async () => (await jar(context, site))[BOUND]);
  return answer['set-cookie'].map((line) => /^__Host-session=([^;]+)/.exec(line)?.[1]).find(Boolean);
}

/** A site, a browser that is logged in and bound, and its page. */
export async function bound(t) {
  const site = await start(t);
  const open = await profile(t);
  const { context, page } = await open();
  const loginCookie = await login(page, context, site);
  return { site, open, context, page, loginCookie };
}

/** Lets the proof expire: for the server by its clock, and in the browser by deleting the bound cookie, as it does at Max-Age. */
export async function expire(site, context) {
  await site.advance(LIFETIME + 1);
  await context.clearCookies({ name: BOUND });
}
