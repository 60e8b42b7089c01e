// Measures the guarantee in real time: for how many seconds a jar that was copied right after the registration works elsewhere, while the
// browser goes on. Run it by `tests/device_bound/run measure`; it takes ten minutes.
import { describe, test } from 'node:test';

import { jar, login, profile, seenElsewhere, start, state } from './site.mjs';

describe('a copied jar', { concurrency: true }, () => {
  for (const lifetime of [180, 600]) {
    test(`with a lifetime of ${lifetime} s`, async (t) => {
      const site = await start(t, lifetime);
      const { context, page } = await (await profile(t))();
      await login(page, context, site);
      const copy = await jar(context, site);
      const begin = performance.now();
      while ((await seenElsewhere(site, copy)).binding === 'fresh') {
        await state(page); // The visitor goes on, so the browser refreshes its own cookie.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      const { binding } = await state(page);
      console.log(`lifetime ${lifetime} s: the copy worked for ${seconds} s; the browser is ${binding}, after ${site.proofs().length - 1} refreshes`);
    });
  }
});
