// A fetch-style handler: Request in, Response out, as Cloudflare Workers, Deno and Bun call it. It runs under Node's own
// Request and Response in worker.test.mjs.
import { Site } from './sealed_session_edge.js';

let site; // One for all requests, made by the first one: some platforms give no secrets and no random numbers before it.

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
