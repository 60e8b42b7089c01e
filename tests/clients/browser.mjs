// The demo in headless Chromium. The script ./run sets DEMO, CHROMIUM and MODULES, which is a folder with playwright-core.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

const { chromium } = createRequire(process.env.MODULES)('playwright-core');
const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const HOST = { COOKIE_NAME: '__Host-sid' };
const ADA = { name: 'Ada', visits: 2 }; // The session after `login`.
// Chromium has no sandbox for root.
const OPTIONS = { executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid() !== 0 };

const browser = await chromium.launch(OPTIONS);
after(() => browser.close());

/** Starts the demo with these variables and no others; its address is the answer. */
async function start(t, variables = {}) {
  const env = { PORT: '0', TIDEWAY_SESSION_ENCRYPTION_KEY: KEY };
  for (const [name, value] of Object.entries(variables)) env[`TIDEWAY_SESSION_${name}`] = value;
  const demo = spawn(process.env.DEMO, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => demo.kill());
  for await (const line of createInterface({ input: demo.stdout })) {
    const port = /^Listening on .*:(\d+)$/.exec(line)?.[1];
    if (port) return `http://${variables.COOKIE_DOMAIN ?? 'localhost'}:${port}`;
  }
  throw new Error('the demo did not start');
}

/** A page of another site: cookies know no ports, but 127.0.0.1 and localhost are two sites. */
async function foreign(t, site) {
  const html = `<a href='${site}/api/session'>link</a><iframe name=frame></iframe>
    <form method=post action='${site}/set'><input name=key value=planted><input name=value value=1>
    <button>form</button><button formtarget=frame>frame</button></form>`;
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => { server.close(); server.closeAllConnections(); });
  return `http://127.0.0.1:${server.address().port}`;
}

/** A new visitor with an empty jar. */
async function visit(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  return { context, page: await context.newPage(), jar: () => context.cookies() };
}

/** A profile on disk, which outlives each browser that is opened on it; it allows cookies of other sites in frames. */
async function profile(t) {
  const folder = await mkdtemp(join(tmpdir(), 'clients-'));
  await mkdir(join(folder, 'Default'));
  await writeFile(join(folder, 'Default', 'Preferences'), '{"profile":{"cookie_controls_mode":0}}');
  let context;
  t.after(async () => { await context?.close(); await rm(folder, { recursive: true }); });
  return async () => (context = await chromium.launchPersistentContext(folder, OPTIONS));
}

/** Sends a form of the page. */
async function submit(page, action, fields = {}) {
  const form = page.locator(`form[action='${action}']`);
  for (const [name, value] of Object.entries(fields)) await form.locator(`[name=${name}]`).fill(value);
  await Promise.all([page.waitForEvent('load'), form.getByRole('button').click()]);
}

const login = async (page, site, name = 'Ada') => { await page.goto(site); await submit(page, '/login', { name }); };

/** The session as its JSON page shows it: the one page that changes nothing, so it sends no cookie. */
const session = async (page, site) => (await page.goto(`${site}/api/session`)).json();

test('a __Host- cookie with Secure is kept and sent over http://localhost, and no script sees it', async (t) => {
  const [site, { page, jar }] = [await start(t, HOST), await visit(t)];
  await login(page, site);
  assert.equal(await page.innerText('h1'), 'Hello, Ada');
  const [{ value, expires, partitionKey, ...cookie }, ...others] = await jar();
  const attributes = { domain: 'localhost', path: '/', httpOnly: true, secure: true, sameSite: 'Lax' };
  assert.deepEqual([cookie, others], [{ name: '__Host-sid', ...attributes }, []]);
  assert.equal(await page.evaluate(() => document.cookie), '');
  const { status, data } = await session(page, site);
  assert.deepEqual([status, data], ['loaded', ADA]);
});

test('a flash value is seen once and is gone on reload', async (t) => {
  const [site, { page }] = [await start(t, HOST), await visit(t)];
  await page.goto(site);
  await submit(page, '/flash', { message: 'Saved & done' });
  assert.equal(await page.innerText('.notice'), 'message Saved & done');
  await page.reload();
  assert.equal(await page.locator('.notice').count(), 0);
});

test('login changes the id and keeps the data, and the logout button ends both', async (t) => {
  const [site, { page }] = [await start(t, HOST), await visit(t)];
  await page.goto(site);
  await submit(page, '/set', { key: 'color', value: 'green' });
  const first = await session(page, site);
  await login(page, site);
  const second = await session(page, site);
  assert.deepEqual([first.data.color, second.data.color, second.data.name], ['green', 'green', 'Ada']);
  await page.goto(site);
  await submit(page, '/logout');
  assert.equal(await page.innerText('h1'), 'Hello, stranger');
  const third = await session(page, site);
  assert.deepEqual(third.data, { visits: 1 });
  assert.equal(new Set([first.id, second.id, third.id]).size, 3);
});

for (const variables of [{}, HOST, { COOKIE_NAME: '__Secure-sid' }, { COOKIE_PATH: '/logout' },
  { COOKIE_DOMAIN: 'app.localhost' }, { COOKIE_SAME_SITE: 'strict' }, { COOKIE_SAME_SITE: 'none' }]) {
  test(`logout empties the jar with ${JSON.stringify(variables)}`, async (t) => {
    const [site, { page, jar }] = [await start(t, variables), await visit(t)];
    await login(page, site);
    assert.equal((await jar()).length, 1);
    // The test does not press the button, which leads to the page. That counts the visit in a new session, and lets no script
    // connect.
    await page.goto(`${site}/api/session`);
    await page.evaluate(() => fetch('/logout', { method: 'POST', redirect: 'manual' }));
    assert.deepEqual(await jar(), []);
  });
}

// A deployment changes the form of the cookie: the visitor has the one of before, and mostly gets one of the new form beside it.
for (const [before, after, former] of [
  [{}, { COOKIE_DOMAIN: 'app.localhost' }, null],
  [{ COOKIE_DOMAIN: 'app.localhost' }, {}, 'tideway_session; Path=/; Domain=app.localhost'],
  [{ COOKIE_PATH: '/api' }, {}, 'tideway_session; Path=/api'],
  [{}, { COOKIE_PATH: '/api' }, 'tideway_session'],
  [{ COOKIE_NAME: 'sid' }, HOST, 'sid'],
]) {
  test(`logout and login delete the cookie of ${JSON.stringify(before)} with ${JSON.stringify(after)}`, async (t) => {
    // Cookies know no ports, so the two servers are one site.
    const at = (site) => site.replace('//localhost', '//app.localhost');
    const old = at(await start(t, before));
    const knowing = at(await start(t, former ? { ...after, FORMER_COOKIES: former } : after));
    const unknowing = at(await start(t, after));
    const post = (page, path, body) => page.evaluate(async ([path, body]) => {
      await fetch(path, { method: 'POST', redirect: 'manual', body: new URLSearchParams(body) });
    }, [path, body]);
    const visited = async () => {
      const { page, jar } = await visit(t);
      await page.goto(`${old}/api/session`);
      await post(page, '/login', { name: 'Ada' });
      assert.equal((await jar()).length, 1);
      return { page, jar };
    };
    for (const [site, left] of [[knowing, 0], [unknowing, former ? 1 : 0]]) {
      const { page, jar } = await visited();
      await page.goto(`${site}/api/session`);
      await post(page, '/logout', {});
      assert.equal((await jar()).length, left, site);
    }
    const { page, jar } = await visited();
    await page.goto(`${knowing}/api/session`);
    await post(page, '/login', { name: 'Grace' });
    assert.equal((await jar()).length, 1);
    assert.equal((await session(page, knowing)).data.name, 'Grace');
  });
}

test('the cookie lives as long as its session and survives a restart of the browser', async (t) => {
  const [site, open] = [await start(t, HOST), await profile(t)];
  let context = await open();
  await login(context.pages()[0], site);
  const { expires_at: end } = await session(context.pages()[0], site);
  const [{ expires }] = await context.cookies();
  assert.ok(Math.abs(expires - end) < 5, `the cookie ends at ${expires}, the session at ${end}`);
  await context.pages()[0].evaluate(() => { document.cookie = 'ends-with=the-browser'; });
  await context.close();
  context = await open();
  assert.equal((await session(context.pages()[0], site)).data.name, 'Ada');
  assert.deepEqual((await context.cookies()).map(({ name }) => name), ['__Host-sid']);
});

test('a cookie that is not persistent has no end of its own and ends with the browser', async (t) => {
  const [site, open] = [await start(t, HOST), await profile(t)];
  let context = await open();
  const [page] = context.pages();
  await page.goto(site);
  await page.check('[name=forget]');
  await submit(page, '/login', { name: 'Ada' });
  assert.equal((await session(page, site)).data.name, 'Ada');
  assert.deepEqual((await context.cookies()).map(({ expires }) => expires), [-1]);
  await context.close();
  context = await open();
  assert.deepEqual((await session(context.pages()[0], site)).data, {});
});

for (const [COOKIE_SAME_SITE, carriers, linked, framed, sent] of [
  // A form from another site carries no cookie, and its answer replaces the visitor's cookie all the same. CSRF tokens are
  // there to prevent that.
  ['lax', 'only a link', ADA, ADA, { planted: '1', visits: 1 }],
  ['strict', 'nothing', {}, ADA, { visits: 1 }],
  ['none', 'everything', ADA, { ...ADA, planted: '1', visits: 3 }, { ...ADA, planted: '1', visits: 4 }],
]) {
  test(`SameSite=${COOKIE_SAME_SITE}: ${carriers} on another site's page carries the session`, async (t) => {
    const site = await start(t, { ...HOST, COOKIE_SAME_SITE });
    const [other, [page]] = [await foreign(t, site), (await (await profile(t))()).pages()];
    const click = async (name, answer) => {
      await page.goto(other);
      await Promise.all([answer(), page.getByText(name, { exact: true }).click()]);
    };
    await login(page, site);
    await click('link', () => page.waitForEvent('load'));
    assert.deepEqual(JSON.parse(await page.innerText('body')).data, linked);
    await click('frame', () => page.waitForResponse(`${site}/`));
    assert.deepEqual((await session(page, site)).data, framed);
    await click('form', () => page.waitForEvent('load'));
    assert.deepEqual((await session(page, site)).data, sent);
  });
}

test('a script cannot replace the session by a good cookie of another under its name or one like it', async (t) => {
  const [site, ada, mallory] = [await start(t, HOST), await visit(t), await visit(t)];
  await login(ada.page, site);
  await login(mallory.page, site, 'Mallory');
  await ada.page.evaluate((value) => {
    for (const name of ['__%48ost-sid', '\u2000__Host-sid', '__Host-sid']) {
      for (const path of ['/', '/api']) document.cookie = `${name}=${value}; Secure; Path=${path}`;
    }
  }, (await mallory.jar())[0].value);
  const [request, { data }] = await Promise.all([ada.page.waitForEvent('request'), session(ada.page, site)]);
  // Chromium sends cookies with longer paths first. The three bytes of U+2000 are shown as three characters.
  const names = (await request.allHeaders()).cookie.replace(/=[^;]*/g, '').replace(/[^ -~]/g, '?');
  const planted = '__%48ost-sid; ???__Host-sid';
  assert.equal(names, `${planted}; __Host-sid; ${planted}`);
  assert.deepEqual(data, ADA);
});

test('a tampered cookie gives an empty session and is left alone, and a login replaces it', async (t) => {
  const [site, { page, context, jar }] = [await start(t, HOST), await visit(t)];
  await login(page, site);
  const [cookie] = await jar();
  await context.addCookies([{ ...cookie, value: cookie.value.replace(/.{9}$/, 'AAAAAAAAA') }]);
  const { rejected, data } = await session(page, site);
  assert.deepEqual([rejected, data], ['not_authentic', {}]);
  assert.equal((await jar()).length, 1);
  await login(page, site);
  assert.equal((await session(page, site)).data.name, 'Ada');
});

test('under an unknown key the session is empty and the cookie stays, good again under its own key', async (t) => {
  const { page, jar } = await visit(t);
  const [site, other] = [await start(t, HOST), await start(t, { ...HOST, ENCRYPTION_KEY: KEY.replaceAll('0', 'f') })];
  await login(page, site);
  const kept = await jar();
  const { rejected, data } = await session(page, other);
  assert.deepEqual([rejected, data], ['unknown_key', {}]);
  assert.deepEqual(await jar(), kept);
  assert.deepEqual((await session(page, site)).data, ADA);
});
