// A fetch-style handler, which takes a Request and returns a Response, as Cloudflare Workers, Deno and Bun call it. In
// worker.test.mjs it runs under Node's own Request and Response.
import { Site } from './sealed_session_edge.js';

// The first request makes the site for all of them, since some platforms have no secrets and no random numbers before it.
let site;

export default {
  async fetch(request, env) {
    site ??= new Site(env.SESSION_KEY);
    let answer;
    try {
      answer = site.answer(new URL(request.url).pathname, request.headers.get('cookie') ?? undefined);
    } catch (error) {
      console.error(error.message);
      return new Response(null, { status: 500 });
    }
    const headers = new Headers({ 'content-type': 'text/plain', vary: 'Cookie' });
    if (answer.setCookie) {
      headers.append('set-cookie', answer.setCookie);
      headers.set('cache-control', 'private, no-store');
    }
    return new Response(answer.body, { headers });
  },
};
