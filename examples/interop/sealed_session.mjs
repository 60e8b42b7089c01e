// Reads and writes the cookies of sealed-session, from docs/wire-format.md alone. An example, not a supported package.
//
// A session is an object: id (32 hexadecimal digits), persistent, schema, created_at, issued_at, expires_at, and the
// Maps data and flash, whose values are JSON texts. It needs Node 20 or later and no packages.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

const [VERSION, LIMIT, BOTH_LIMIT, FLASH] = [1, 4096, 7600, 0x80];
const TIMES = ["created_at", "issued_at", "expires_at"];
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }); // "ignore" a byte order mark: keep it

/** Its message is the name of the reason, for your log: a client should not learn which. */
export class Refused extends Error {}

function check(holds, reason) {
  if (!holds) throw new Refused(reason);
}

/** XAES-256-GCM (C2SP): the key for one message; its AES-GCM nonce is the second half of this one. */
function messageKey(key, nonce) {
  const aes = (number) => {
    const block = Buffer.from(number.toString(16).padStart(32, "0"), "hex");
    return createCipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(block);
  };
  const number = (bytes) => BigInt(`0x${bytes.toString("hex")}`);
  const lead = number(aes(0n));
  const k1 = BigInt.asUintN(128, lead << 1n) ^ (lead >> 127n ? 0x87n : 0n);
  const half = (counter) => aes(number(Buffer.from([0, counter, 0x58, 0, ...nonce.subarray(0, 12)])) ^ k1);
  return Buffer.concat([half(1), half(2)]);
}

function encrypt(key, nonce, message, additionalData) {
  const cipher = createCipheriv("aes-256-gcm", messageKey(key, nonce), nonce.subarray(12));
  cipher.setAAD(additionalData);
  return Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key, nonce, sealed, additionalData) {
  const cipher = createDecipheriv("aes-256-gcm", messageKey(key, nonce), nonce.subarray(12), { authTagLength: 16 });
  cipher.setAAD(additionalData).setAuthTag(sealed.subarray(-16));
  const message = cipher.update(sealed.subarray(0, -16));
  try {
    return Buffer.concat([message, cipher.final()]);
  } catch {
    throw new Refused("not_authentic");
  }
}

export function keyId(key) {
  return encrypt(key, Buffer.alloc(24), Buffer.alloc(0), Buffer.from("sealed-session key id")).subarray(0, 4);
}

function bigEndian(number, bytes) {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(number, 0, bytes);
  return buffer;
}

function additionalData(head, ...texts) {
  const raw = texts.map((text) => Buffer.from(text));
  return Buffer.concat([head, ...raw.flatMap((bytes) => [bigEndian(bytes.length, 2), bytes])]);
}

function openEnvelope(envelope, keys, name, audience, ...more) {
  check(envelope[0] === VERSION, "unsupported_version");
  const key = keys.find((key) => keyId(key).equals(envelope.subarray(1, 5)));
  check(key, "unknown_key");
  const aad = Buffer.concat([additionalData(envelope.subarray(0, 5), name, audience), ...more]);
  return decrypt(key, envelope.subarray(5, 29), envelope.subarray(29), aad);
}

function sealEnvelope(plaintext, key, name, audience, nonce, ...more) {
  const head = Buffer.concat([Buffer.of(VERSION), keyId(key)]);
  const aad = Buffer.concat([additionalData(head, name, audience), ...more]);
  return Buffer.concat([head, nonce, encrypt(key, nonce, plaintext, aad)]);
}

function fromText(text) {
  const envelope = Buffer.from(text, "base64url");
  check(envelope.toString("base64url") === text, "malformed"); // the decoder skips what it doesn't know
  return envelope;
}

function writeEntry(key, value, flash) {
  [key, value] = [Buffer.from(key), Buffer.from(value)];
  return Buffer.concat([Buffer.of(key.length | flash), key, bigEndian(value.length, 2), value]);
}

function writePlaintext(session, padding) {
  const entries = (map, flash) => [...map].map(([key, value]) => writeEntry(key, value, flash));
  const plaintext = Buffer.concat([
    Buffer.of(session.persistent ? 1 : 0, session.schema), Buffer.from(session.id, "hex"),
    ...TIMES.map((name) => bigEndian(session[name], 5)), ...entries(session.data, 0), ...entries(session.flash, FLASH),
  ]);
  return Buffer.concat([plaintext, Buffer.alloc((padding - (plaintext.length % padding)) % padding)]);
}

function readPlaintext(plaintext) {
  check(plaintext.length >= 33 && plaintext[0] <= 1, "malformed");
  const times = [18, 23, 28].map((start) => plaintext.readUIntBE(start, 5));
  check(times[0] <= times[1] && times[1] <= times[2], "malformed");
  const entries = { 0: new Map(), [FLASH]: new Map() };
  let rest = plaintext.subarray(33);
  while (rest[0] & 0x7f) {
    const keyEnd = 1 + (rest[0] & 0x7f);
    check(keyEnd + 2 <= rest.length, "malformed");
    const end = keyEnd + 2 + rest.readUInt16BE(keyEnd);
    check(end <= rest.length, "malformed");
    const [key, value] = [rest.subarray(1, keyEnd), rest.subarray(keyEnd + 2, end)].map(utf8);
    const map = entries[rest[0] & FLASH];
    check(!map.has(key), "malformed");
    map.set(key, value);
    rest = rest.subarray(end);
  }
  check(rest.every((byte) => byte === 0), "malformed");
  return {
    id: plaintext.toString("hex", 2, 18), persistent: plaintext[0] === 1, schema: plaintext[1],
    ...Object.fromEntries(TIMES.map((name, index) => [name, times[index]])), data: entries[0], flash: entries[FLASH],
  };
}

function checkedPlaintext(session, padding) {
  const plaintext = writePlaintext(session, padding);
  check(isDeepStrictEqual(readPlaintext(plaintext), session), "malformed"); // writes nothing that it can't read back
  return plaintext;
}

function utf8(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Refused("malformed");
  }
}

function isTooLong(text, name, twoCookies = false) {
  const [length, nameLength] = [text, name].map((part) => Buffer.byteLength(part));
  return length + nameLength > LIMIT && !(twoCookies && length + 2 * nameLength + 4 <= BOTH_LIMIT);
}

/**
 * The cookie's value, or with two_cookies a longer text for `toCookies`. `nonce` is for test vectors: a nonce used twice
 * lets anyone forge every session.
 */
export function encode(session, key, name, options = {}) {
  const { audience = "", padding = 32, nonce = randomBytes(24), two_cookies = false } = options;
  const value = sealEnvelope(checkedPlaintext(session, padding), key, name, audience, nonce).toString("base64url");
  check(!isTooLong(value, name, two_cookies), "too_long");
  return value;
}

/** The session of a cookie's value, under any of `keys`, or an exception `Refused`. Its schema is yours to check. */
export function decode(value, keys, name, options = {}) {
  const { audience = "", now = Math.floor(Date.now() / 1000), clock_skew = 60 } = options;
  const { absolute_timeout = 30 * 86400, not_before = 0, two_cookies = false } = options;
  check(!isTooLong(value, name, two_cookies), "too_long");
  check(Buffer.byteLength(value) >= 104, "malformed");
  const session = readPlaintext(openEnvelope(fromText(value), keys, name, audience));
  check(session.issued_at <= now + clock_skew, "not_yet_valid");
  check(now < session.created_at + absolute_timeout, "expired_absolute");
  check(now < session.expires_at, "expired_idle");
  check(session.created_at >= not_before, "before_cutoff");
  return session;
}

const forRecord = (session) => Buffer.concat([Buffer.from("record"), Buffer.from(session.id, "hex")]);

/** What a store keeps of a session, a Buffer. Its cookie is that of `withoutEntries`, to be sent once this is stored. */
export function encodeRecord(session, key, name, options = {}) {
  const { audience = "", padding = 32, nonce = randomBytes(24) } = options;
  const plaintext = checkedPlaintext(session, padding);
  const sizes = [...session.data, ...session.flash].map(([entry, value]) => writeEntry(entry, value, 0).length);
  check(sizes.reduce((sum, size) => sum + size, 0) <= 65535, "too_long");
  return sealEnvelope(plaintext, key, name, audience, nonce, forRecord(session));
}

export const withoutEntries = (session) => ({ ...session, data: new Map(), flash: new Map() });

/** The session of a cookie, with what a store has under its id. `revoked` means that it ended; another refusal is the store's fault. */
export function decodeRecord(record, session, keys, name, { audience = "" } = {}) {
  check(record.length !== 16, "revoked"); // a tombstone, with the id of what the session became, or zeros
  check(record.length >= 78, "malformed");
  const { schema, data, flash } = readPlaintext(openEnvelope(record, keys, name, audience, forRecord(session)));
  return { ...session, schema, data, flash };
}

/** The cookies to set for a text, pairs of name and value: one, or two if it needs two, in this order. */
export function toCookies(text, name) {
  if (!isTooLong(text, name)) return [[name, text]];
  const middle = Math.ceil(text.length / 2);
  return [[`${name}-2`, text.slice(middle)], [name, `2~${text.slice(0, middle)}`]];
}

/** The newest session of a request's cookies, pairs of name and value; null without one, or an exception `Refused`. */
export function decodeCookies(cookies, keys, name, options = {}) {
  const valuesOf = (wanted) => cookies.filter(([found]) => found === wanted).map(([, value]) => value).slice(0, 4);
  const [firsts, seconds] = [valuesOf(name), valuesOf(`${name}-2`)];
  const [sessions, refusals] = [[], []];
  let tries = 4;
  for (const first of firsts) {
    const isPart = first.length > 2 && first.startsWith("2~");
    const fitting = seconds.filter((second) => !isTooLong(second, `${name}-2`));
    const texts = isPart ? fitting.slice(0, tries).map((second) => first.slice(2) + second) : [first];
    const isTooLongPart = isPart && isTooLong(first, name);
    let refusal = isTooLongPart ? "too_long" : "incomplete";
    for (const text of isTooLongPart ? [] : texts) {
      if (isPart) tries -= 1;
      try {
        sessions.push(decode(text, keys, name, { ...options, two_cookies: isPart }));
        refusal = null;
      } catch (reason) {
        if (!(reason instanceof Refused)) throw reason;
        if (isPart && ["malformed", "too_long", "not_authentic"].includes(reason.message)) continue;
        refusal = reason.message;
      }
      break; // no other part fits better
    }
    if (refusal) refusals.push(refusal);
  }
  if (sessions.length) return sessions.reduce((best, other) => (other.issued_at > best.issued_at ? other : best));
  check(firsts.length || !seconds.length, "incomplete");
  check(!refusals.length, refusals[0]);
  return null;
}

/** One line of the filter that tests/interop.rs talks to. There, keys, nonce and record are hex, data and flash pairs. */
function answer({ op, keys, name, session, value, nonce, cookies, record, ...options }) {
  keys = keys.map((key) => Buffer.from(key, "hex"));
  if (nonce) options.nonce = Buffer.from(nonce, "hex");
  try {
    if (op === "encode" || op === "encode_record") {
      session = { ...session, data: new Map(session.data), flash: new Map(session.flash) };
      if (op === "encode_record") {
        value = encode(withoutEntries(session), keys[0], name, { ...options, nonce: undefined });
        return { value, record: encodeRecord(session, keys[0], name, options).toString("hex") };
      }
      value = encode(session, keys[0], name, options);
      return { value, cookies: toCookies(value, name) };
    }
    session = op === "decode_cookies" ? decodeCookies(cookies, keys, name, options) : decode(value, keys, name, options);
    if (!session) return { session };
    if (op === "decode_record") session = decodeRecord(Buffer.from(record, "hex"), session, keys, name, options);
    return { session: { ...session, data: [...session.data], flash: [...session.flash] } };
  } catch (reason) {
    if (reason instanceof Refused) return { refused: reason.message };
    throw reason;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  let rest = "";
  // Not readline: it also ends a line at U+2028.
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) console.log(JSON.stringify(answer(JSON.parse(line))));
  }
}
