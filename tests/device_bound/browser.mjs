// Device-bound sessions in headless Chromium. Run it by ./run.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import {
  BOUND, LIFETIME, ROUTE, SESSION, bound, demo, elsewhere, expire, fetched, jar, login, profile, seenElsewhere, shown, start, state, until,
} from './site.mjs';

const fresh = { binding: 'fresh', user: 'ada', rejected: null };
const stale = { binding: 'stale', user: null, rejected: 'stale_binding' };
/** True for an answer that ends the binding in the browser. */
const ended = ({ status, answerBody }) => status === 200 && JSON.parse(answerBody).continue === false;
const seen = ({ binding, user, rejected }) => ({ binding, user, rejected });

test('a login is registered by the browser itself, and the session is then fresh', async (t) => {
  const { site, context, page } = await bound(t);
  assert.deepEqual(seen(await state(page)), fresh);
  const [registration] = site.proofs();
  assert.deepEqual([registration.method, registration.status], ['POST', 200]);
  const cookies = await context.cookies(site.origin);
  const [session, boundCookie] = [SESSION, BOUND].map((name) => cookies.find((cookie) => cookie.name === name));
  const attributes = ({ domain, path, httpOnly, secure, sameSite }) => ({ domain, path, httpOnly, secure, sameSite });
  assert.deepEqual(attributes(boundCookie), attributes(session));
  assert.deepEqual(attributes(boundCookie), { domain: 'localhost', path: '/', httpOnly: true, secure: true, sameSite: 'Lax' });
});

test('while the proof is good, requests go out without a refresh', async (t) => {
  const { site, page } = await bound(t);
  const before = site.proofs().length;
  for (let n = 0; n < 5; n += 1) assert.deepEqual(seen(await state(page)), fresh);
  assert.equal(site.proofs().length, before);
});

test('when the bound cookie expires in the browser, the next request waits for a refresh and is fresh', async (t) => {
  const site = await start(t);
  const { context, page } = await (await profile(t))();
  site.maxAge = 1;
  await login(page, context, site);
  await until(async () => !(await jar(context, site))[BOUND]);
  site.maxAge = null;
  await site.advance(LIFETIME + 1);
  const before = site.proofs().length;
  assert.deepEqual(seen(await state(page)), fresh);
  assert.equal(site.proofs().length, before + 1, 'one round trip: the challenge came with the registration');
});

test('a POST with a body waits for the refresh, and arrives once and whole', async (t) => {
  const { site, context, page } = await bound(t);
  await expire(site, context);
  const before = site.log.length;
  assert.deepEqual(await state(page, 'a body'), { ...fresh, body: 'a body' });
  assert.deepEqual(site.log.slice(before).map(({ method, path }) => `${method} ${path}`), [`POST ${ROUTE}`, 'POST /state']);
});

test('twenty requests at once wait for one refresh, and all are fresh', async (t) => {
  const { site, context, page } = await bound(t);
  await expire(site, context);
  const before = site.proofs().length;
  const bodies = await page.evaluate(() =>
    Promise.all(Array.from({ length: 20 }, async (_, n) => (await fetch(`/state?${n}`)).json())));
  assert.deepEqual(bodies.map(seen), Array.from({ length: 20 }, () => fresh));
  assert.equal(site.proofs().length, before + 1);
});

test('a challenge that is too old costs one round trip more', async (t) => {
  const { site, context, page } = await bound(t);
  await site.advance(LIFETIME + 121);
  await context.clearCookies({ name: BOUND });
  const before = site.proofs().length;
  assert.deepEqual(seen(await state(page)), fresh);
  assert.deepEqual(site.proofs().slice(before).map(({ status }) => status), [403, 200]);
});

test('the binding survives a restart of the browser', async (t) => {
  const { site, open, context } = await bound(t);
  await expire(site, context);
  await context.close();
  const { page, context: again } = await open();
  await page.goto(`${site.origin}/`);
  assert.deepEqual(seen(await shown(page)), fresh);
  assert.ok((await jar(again, site))[BOUND]);
});

test('a link on another site to a session whose proof expired shows the page of a fresh session', async (t) => {
  const { site, context, page } = await bound(t);
  const other = createServer((_, response) => response.setHeader('content-type', 'text/html').end(`<a href='${site.origin}/'>link</a>`));
  await once(other.listen(0, '127.0.0.1'), 'listening');
  t.after(() => { other.close(); other.closeAllConnections(); });
  await page.goto(`http://127.0.0.1:${other.address().port}`);
  await expire(site, context);
  await page.click('a');
  await page.waitForSelector('pre');
  assert.deepEqual(seen(await shown(page)), fresh);
});

test('a logout deletes both cookies and ends the binding in the browser', async (t) => {
  const { site, context, page } = await bound(t);
  const before = site.proofs().length;
  await fetched(page, '/logout', '');
  assert.deepEqual(await jar(context, site), {});
  assert.deepEqual(seen(await state(page)), { binding: 'unbound', user: null, rejected: null });
  await state(page);
  // The browser asks once, is told that there is nothing left to refresh, and asks no more.
  assert.deepEqual(site.proofs().slice(before).map(ended), [true]);
});

test('a revocation ends the session at once, and the binding at the next refresh', async (t) => {
  const { site, context, page } = await bound(t);
  await site.control('revoke', 'ada');
  const refused = { binding: 'unbound', user: null, rejected: 'revoked' };
  assert.deepEqual(seen(await state(page)), refused);
  await expire(site, context);
  const before = site.proofs().length;
  assert.equal((await state(page)).user, null);
  assert.equal((await state(page)).user, null);
  assert.deepEqual(site.proofs().slice(before).map(ended), [true]);
});

test('a copied jar works elsewhere until the proof expires, and the session cookie alone does not', async (t) => {
  const { site, context, page } = await bound(t);
  const copy = await jar(context, site);
  assert.deepEqual(seen(await seenElsewhere(site, { [SESSION]: copy[SESSION] })), stale);
  assert.deepEqual(seen(await seenElsewhere(site, copy)), fresh);
  await site.advance(LIFETIME - 10);
  assert.deepEqual(seen(await seenElsewhere(site, copy)), fresh);
  await site.advance(11);
  assert.deepEqual(seen(await seenElsewhere(site, copy)), stale);
  await context.clearCookies({ name: BOUND });
  assert.deepEqual(seen(await state(page)), fresh, 'the browser goes on');
  assert.deepEqual(seen(await seenElsewhere(site, copy)), stale, 'and the copy does not');
});

test('the cookie of the login response works elsewhere until the first refresh', async (t) => {
  const { site, context, page, loginCookie } = await bound(t);
  const copy = { [SESSION]: loginCookie };
  assert.deepEqual(seen(await seenElsewhere(site, copy)), { ...fresh, binding: 'unbound' });
  await expire(site, context);
  assert.deepEqual(seen(await state(page)), fresh);
  assert.equal((await seenElsewhere(site, copy)).user, null);
});

test('a captured refresh can be sent again until its challenge expires, and no longer', async (t) => {
  const { site, context, page } = await bound(t);
  await expire(site, context);
  await state(page);
  const { headers } = site.proofs().at(-1);
  const names = ['sec-secure-session-id', 'secure-session-response'];
  const request = { path: ROUTE, method: 'POST', headers: Object.fromEntries(names.map((name) => [name, headers[name]])) };
  const copy = { [SESSION]: (await jar(context, site))[SESSION] };
  const again = await elsewhere(site, copy, request);
  assert.deepEqual([again.status, again.headers['set-cookie']?.length], [200, 1]);
  await site.advance(LIFETIME + 121);
  const late = await elsewhere(site, copy, request);
  assert.deepEqual([late.status, late.headers['set-cookie']], [403, undefined]);
});

test('the demo shows the state of the binding', async (t) => {
  const site = await demo(t);
  const { context, page } = await (await profile(t))();
  const device = () => page.innerText('dt:text-is("Device") + dd');
  await page.goto(site.origin);
  assert.equal(await device(), 'unbound');
  await page.fill("form[action='/login'] [name=name]", 'Ada');
  await Promise.all([page.waitForEvent('load'), page.click("form[action='/login'] button")]);
  await until(async () => (await jar(context, site))[BOUND]);
  await page.goto(site.origin);
  assert.equal(await device(), 'fresh');
  await context.clearCookies({ name: BOUND });
  await page.goto(site.origin);
  assert.equal(await device(), 'fresh', 'the browser refreshed first');
});
