"""Reads and writes the cookies of sealed-session, from docs/wire-format.md alone. An example, not a supported package.

A session is a dict: id (32 hexadecimal digits), persistent, schema, created_at, issued_at, expires_at, and the dicts
data and flash, whose values are JSON texts. It needs Python 3.9 and the `cryptography` package, 38 or later.
"""
import base64
import json
import os
import sys
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION, LIMIT, BOTH_LIMIT, FLASH = 1, 4096, 7600, 0x80
TIMES = ("created_at", "issued_at", "expires_at")


class Refused(ValueError):
    """The name of the reason, for your log: a client should not learn which."""


def check(holds, reason):
    if not holds:
        raise Refused(reason)


def xaes(key, nonce):
    """XAES-256-GCM (C2SP): the AES-256-GCM for one message; its own nonce is the second half of this one."""
    def aes(number):
        return Cipher(algorithms.AES256(key), modes.ECB()).encryptor().update(number.to_bytes(16, "big"))
    lead = int.from_bytes(aes(0), "big")
    k1 = (lead << 1) % (1 << 128) ^ (0x87 if lead >> 127 else 0)
    m1, m2 = (int.from_bytes(bytes([0, counter, 0x58, 0]) + nonce[:12], "big") for counter in (1, 2))
    return AESGCM(aes(m1 ^ k1) + aes(m2 ^ k1))


def key_id(key):
    return xaes(key, bytes(24)).encrypt(bytes(12), b"", b"sealed-session key id")[:4]


def additional_data(head, name, audience):
    return head + b"".join(len(text).to_bytes(2, "big") + text for text in (name.encode(), audience.encode()))


def seal(plaintext, key, name, audience, nonce, more=b""):
    head = bytes([VERSION]) + key_id(key)
    return head + nonce + xaes(key, nonce).encrypt(nonce[12:], plaintext, additional_data(head, name, audience) + more)


def open_envelope(envelope, keys, name, audience, more=b""):
    check(envelope[0] == VERSION, "unsupported_version")
    key = {key_id(key): key for key in keys}.get(envelope[1:5])
    check(key is not None, "unknown_key")
    head, nonce, sealed = envelope[:5], envelope[5:29], envelope[29:]
    try:
        return xaes(key, nonce).decrypt(nonce[12:], sealed, additional_data(head, name, audience) + more)
    except InvalidTag:
        raise Refused("not_authentic") from None


def to_text(envelope):
    return base64.urlsafe_b64encode(envelope).rstrip(b"=")


def from_text(text):
    try:
        envelope = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except ValueError:
        raise Refused("malformed") from None
    check(to_text(envelope) == text, "malformed")  # the decoder skips what it doesn't know; only one text is canonical
    return envelope


def write_entry(key, value, flash):
    key, value = key.encode(), value.encode()
    return bytes([len(key) | flash]) + key + len(value).to_bytes(2, "big") + value


def write_plaintext(session, padding):
    plaintext = bytes([session["persistent"], session["schema"]]) + bytes.fromhex(session["id"])
    plaintext += b"".join(session[name].to_bytes(5, "big") for name in TIMES)
    for kind, flash in (("data", 0), ("flash", FLASH)):
        plaintext += b"".join(write_entry(key, value, flash) for key, value in session[kind].items())
    return plaintext + bytes(-len(plaintext) % padding)


def read_plaintext(plaintext):
    check(len(plaintext) >= 33 and plaintext[0] <= 1, "malformed")
    times = [int.from_bytes(plaintext[start:start + 5], "big") for start in (18, 23, 28)]
    check(times == sorted(times), "malformed")
    entries, rest = {0: {}, FLASH: {}}, plaintext[33:]
    while rest and rest[0] & 0x7F:
        key_end = 1 + (rest[0] & 0x7F)
        end = key_end + 2 + int.from_bytes(rest[key_end:key_end + 2], "big")
        check(end <= len(rest), "malformed")
        try:
            key, value = rest[1:key_end].decode(), rest[key_end + 2:end].decode()
        except UnicodeDecodeError:
            raise Refused("malformed") from None
        check(key not in entries[rest[0] & FLASH], "malformed")
        entries[rest[0] & FLASH][key] = value
        rest = rest[end:]
    check(not any(rest), "malformed")
    return {"id": plaintext[2:18].hex(), "persistent": plaintext[0] == 1, "schema": plaintext[1],
            **dict(zip(TIMES, times)), "data": entries[0], "flash": entries[FLASH]}


def is_too_long(text, name, two_cookies=False):
    length, name = (len(part.encode(errors="surrogatepass")) for part in (text, name))
    return length + name > LIMIT and not (two_cookies and length + 2 * name + 4 <= BOTH_LIMIT)


def encode(session, key, name, audience="", padding=32, nonce=None, two_cookies=False):
    """The cookie's value, or a longer text for `to_cookies`. `nonce` is for test vectors: a nonce used twice lets anyone forge every session."""
    plaintext = write_plaintext(session, padding)
    check(read_plaintext(plaintext) == session, "malformed")  # writes nothing that it could not read back
    value = to_text(seal(plaintext, key, name, audience, nonce or os.urandom(24))).decode()
    check(not is_too_long(value, name, two_cookies), "too_long")
    return value


def decode(value, keys, name, audience="", now=None, clock_skew=60, absolute_timeout=30 * 86400, not_before=0,
           two_cookies=False):
    """The session of a cookie's value, under any of `keys`, or an exception `Refused`. Its schema is yours to check."""
    check(not is_too_long(value, name, two_cookies), "too_long")
    value = value.encode(errors="surrogatepass")
    check(len(value) >= 104, "malformed")
    session = read_plaintext(open_envelope(from_text(value), keys, name, audience))
    now = int(time.time()) if now is None else now
    check(session["issued_at"] <= now + clock_skew, "not_yet_valid")
    check(now < session["created_at"] + absolute_timeout, "expired_absolute")
    check(now < session["expires_at"], "expired_idle")
    check(session["created_at"] >= not_before, "before_cutoff")
    return session


def for_record(session):
    return b"record" + bytes.fromhex(session["id"])


def encode_record(session, key, name, audience="", padding=32, nonce=None):
    """What a store keeps of a session, as bytes. Its cookie is that of `without_entries`, to be sent once this is stored."""
    plaintext = write_plaintext(session, padding)
    check(read_plaintext(plaintext) == session, "malformed")  # writes nothing that it could not read back
    check(sum(len(write_entry(*entry, 0)) for kind in ("data", "flash") for entry in session[kind].items()) <= 65535, "too_long")
    return seal(plaintext, key, name, audience, nonce or os.urandom(24), for_record(session))


def without_entries(session):
    return {**session, "data": {}, "flash": {}}


def decode_record(record, session, keys, name, audience=""):
    """The session of a cookie, with what a store has under its id. `revoked` means that it ended; another refusal is the store's fault."""
    check(len(record) != 16, "revoked")  # a tombstone, with the id of what the session became, or zeros
    check(len(record) >= 78, "malformed")
    stored = read_plaintext(open_envelope(record, keys, name, audience, for_record(session)))
    return {**session, **{field: stored[field] for field in ("schema", "data", "flash")}}


# The parts of a binding to a device: the purpose in the additional data, and the fields with their lengths in bytes.
PARTS = {
    "identifier": (b"dbsc identifier", {"binding": 16, "session": 16, "previous": 16, "key": 64}),
    "bound_cookie": (b"dbsc cookie", {"binding": 16, "session": 16, "previous": 16, "expires_at": 5}),
    "registration": (b"dbsc registration", {"session": 16, "expires_at": 5}),
    "refresh": (b"dbsc refresh", {"binding": 16, "expires_at": 5}),
}


def encode_part(kind, part, key, name, audience="", nonce=None):
    """The text of a part. Times are seconds, everything else is hexadecimal digits; `previous` may be None."""
    purpose, fields = PARTS[kind]
    values = {**part, "previous": part.get("previous") or bytes(16).hex()}
    values["expires_at"] = part.get("expires_at", 0).to_bytes(5, "big").hex()
    plaintext = b"".join(bytes.fromhex(values[field]) for field in fields)
    return to_text(seal(plaintext, key, name, audience, nonce or os.urandom(24), purpose)).decode()


def decode_part(kind, value, keys, name, audience="", now=None):
    """The fields of a part's text, under any of `keys`, or an exception `Refused`. `name` is the session cookie's."""
    purpose, fields = PARTS[kind]
    envelope = from_text(value.encode(errors="surrogatepass"))
    check(len(envelope) >= 45, "malformed")
    plaintext = open_envelope(envelope, keys, name, audience, purpose)
    check(len(plaintext) == sum(fields.values()), "malformed")
    part, start = {}, 0
    for field, length in fields.items():
        part[field], start = plaintext[start:start + length].hex(), start + length
    if "previous" in part and part["previous"] == bytes(16).hex():
        part["previous"] = None
    if "key" in part:
        check(is_on_curve(bytes.fromhex(part["key"])), "malformed")
    if "expires_at" in part:
        part["expires_at"] = int(part["expires_at"], 16)
        check((int(time.time()) if now is None else now) < part["expires_at"], "expired")
    return part


def is_on_curve(point):
    """Whether x and y are a point of P-256 (SP 800-186, section 3.2.1.3)."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    x, y = (int.from_bytes(half, "big") for half in (point[:32], point[32:]))
    return x < p and y < p and (y * y - (x * x * x - 3 * x + b)) % p == 0


def to_cookies(text, name):
    """The cookies to set for a text, pairs of name and value: one, or two if it needs two, in this order."""
    if not is_too_long(text, name):
        return [(name, text)]
    middle = (len(text) + 1) // 2
    return [(name + "-2", text[middle:]), (name, "2~" + text[:middle])]


def decode_cookies(cookies, keys, name, **options):
    """The newest session of a request's cookies, pairs of name and value; None without one, or an exception `Refused`."""
    ours = [[value for found, value in cookies if found == wanted][:4] for wanted in (name, name + "-2")]
    (firsts, seconds), sessions, refusals, tries = ours, [], [], 4
    for first in firsts:
        is_part = len(first) > 2 and first[:2] == "2~"
        if is_part and is_too_long(first, name):
            refusals.append(Refused("too_long"))
            continue
        texts = [first[2:] + second for second in seconds if not is_too_long(second, name + "-2")]
        for text in texts[:tries] if is_part else [first]:
            tries -= is_part
            try:
                sessions.append(decode(text, keys, name, two_cookies=is_part, **options))
                break
            except Refused as reason:
                if not is_part or str(reason) not in ("malformed", "too_long", "not_authentic"):
                    refusals.append(reason)
                    break  # no other part fits better
        else:
            refusals.append(Refused("incomplete"))
    if sessions:
        return max(sessions, key=lambda session: session["issued_at"])
    check(firsts or not seconds, "incomplete")
    if refusals:
        raise refusals[0]
    return None


def answer(op, keys, name, session=None, value=None, nonce=None, cookies=None, record=None, **options):
    """One line of the filter that tests/interop.rs talks to. There, keys, nonce and record are hex and data and flash pairs."""
    keys, nonce = [bytes.fromhex(key) for key in keys], bytes.fromhex(nonce or "")
    try:
        if op == "encode_record":
            session.update({kind: dict(session[kind]) for kind in ("data", "flash")})
            value = encode(without_entries(session), keys[0], name, **options)
            return {"value": value, "record": encode_record(session, keys[0], name, nonce=nonce, **options).hex()}
        if op == "encode":
            session.update({kind: dict(session[kind]) for kind in ("data", "flash")})
            value = encode(session, keys[0], name, nonce=nonce, **options)
            return {"value": value, "cookies": to_cookies(value, name)}
        if op == "decode_cookies":
            session = decode_cookies([tuple(cookie) for cookie in cookies], keys, name, **options)
        else:
            session = decode(value, keys, name, **options)
        if session is None:
            return {"session": None}
        if op == "decode_record":
            session = decode_record(bytes.fromhex(record), session, keys, name, options.get("audience", ""))
        return {"session": {**session, **{kind: list(session[kind].items()) for kind in ("data", "flash")}}}
    except Refused as reason:
        return {"refused": str(reason)}


if __name__ == "__main__":
    for line in sys.stdin.buffer:
        print(json.dumps(answer(**json.loads(line))), flush=True)
