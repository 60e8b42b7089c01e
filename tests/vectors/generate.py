#!/usr/bin/env python3
"""Writes v1.json: test vectors of the wire format, from docs/wire-format.md alone.

It shares no code with the crate: the writer is examples/interop/sealed_session.py, which needs the `cryptography` package
(pip install cryptography). Run it as: python3 generate.py > v1.json
"""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "interop"))
from sealed_session import encode, key_id, seal, to_cookies, to_text, write_entry, write_plaintext  # noqa: E402

KEY = bytes(range(32))
NONCE = bytes(range(0x40, 0x58))
SESSION_ID = bytes(range(0xA0, 0xB0))


def session(v):
    times = {name: v[name] for name in ("created_at", "issued_at", "expires_at")}
    return {"id": SESSION_ID.hex(), "persistent": v["flags"] == 1, "schema": v["schema"], **times,
            "data": dict(v["data"]), "flash": dict(v["flash"])}


def plaintext(v):
    return write_plaintext(session(v), v["padding_block"])


def envelope(v, body, key=KEY):
    return seal(body, key, v["cookie_name"], v["audience"], NONCE)


def text(raw):
    return to_text(raw).decode()


BASE = {
    "cookie_name": "tideway_session", "audience": "", "flags": 1, "schema": 0, "created_at": 1700000000,
    "issued_at": 1700003600, "expires_at": 1700090000, "padding_block": 32, "data": [], "flash": [], "now": 1700003600,
}
accepted, refused = [], []


def accept(name, **changes):
    v = {**BASE, **changes}
    value = encode(session(v), KEY, v["cookie_name"], v["audience"], v["padding_block"], NONCE)
    v = {"name": name, **v, "value": value}
    accepted.append(v)
    return v


def refuse(name, reason, value, now=BASE["now"], cookie_name=BASE["cookie_name"], audience=""):
    refused.append({"name": name, "reason": reason, "cookie_name": cookie_name, "audience": audience, "now": now,
                    "value": value})


first = accept("known answer: two values and a flash value", data=[["user_id", '"123"'], ["role", '"admin"']],
               flash=[["notice", '"Welcome back"']])
accept("known answer: name and audience, not persistent, schema, no padding, the end of time", flags=0, schema=7,
       cookie_name="__Host-session", audience="shop", created_at=0, issued_at=0, expires_at=2**40 - 1, padding_block=1,
       now=0)
accept("empty")
accept("flash only", flash=[["notice", '{"level":"info","text":"saved"}']])
accept("one key in both namespaces", data=[["n", "1"]], flash=[["n", "2"]])
accept("keys in several scripts", data=[["ключ", '"да"'], ["鍵", "[1,2,3]"], ["🔑", "null"], ["é", "true"]])
accept("the longest key", data=[["k" * 127, "0"]])
accept("a value of 1000 bytes", data=[["long", json.dumps("x" * 998)]])
accept("JSON as it stands, spaces and number forms included", data=[["raw", ' { "a" : 1.50E+2 } ']])
accept("schema 255", schema=255)
accept("audience", audience="shop.example/ä")
accept("not persistent", flags=0, data=[["user_id", "42"]])
accept("created, issued and read in one second", created_at=1700003600)
accept("issued as far ahead as the clock skew of 60 seconds allows", now=1700003540)
for remainder in range(32):
    # The fixed part is 33 bytes and this entry 5 more than its value: together 38 + remainder.
    accept(f"padding after {(38 + remainder) % 32} bytes of the last block", data=[["k", "1" * (1 + remainder)]])

good, body = first["value"], plaintext(first)
raw = envelope(first, body)
refuse("empty value", "malformed", "")
refuse("one character short of the shortest envelope", "malformed", good[:103])
refuse("padding of base64", "malformed", good + "==")
refuse("the standard alphabet of base64", "malformed", good[:80] + "+" + good[81:])
refuse("white space", "malformed", good + " ")
refuse("stray bits at the end", "malformed", accepted[2]["value"][:-1] + chr(ord(accepted[2]["value"][-1]) + 1))
refuse("reserved: begins with a digit and ~", "malformed", "2~" + good)
refuse("longer than a browser keeps", "too_long", good + "A" * 4096)
refuse("version 2", "unsupported_version", text(b"\x02" + raw[1:]))
refuse("another key", "unknown_key", text(envelope(first, body, key=bytes(range(1, 33)))))
refuse("one bit of the ciphertext", "not_authentic", text(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]))
refuse("one bit of the nonce", "not_authentic", text(raw[:5] + bytes([raw[5] ^ 1]) + raw[6:]))
refuse("one bit of the tag", "not_authentic", text(raw[:-1] + bytes([raw[-1] ^ 128])))
refuse("another cookie name", "not_authentic", good, cookie_name="other")
refuse("another audience", "not_authentic", good, audience="shop")
refuse("an unknown flag", "malformed", text(envelope(first, bytes([3]) + body[1:])))
refuse("padding that is not zero", "malformed", text(envelope(first, body + b"\0\1")))
refuse("an entry that is cut short", "malformed", text(envelope(first, body[:33] + b"\x05abc")))
refuse("a flash tag without a key", "malformed", text(envelope(first, body[:33] + b"\x80")))
refuse("a key twice", "malformed", text(envelope(first, body[:33] + write_entry("a", "1", 0) * 2)))
refuse("a key that is not UTF-8", "malformed", text(envelope(first, body[:33] + b"\x01\xff\x00\x011")))
refuse("a value that is not UTF-8", "malformed", text(envelope(first, body[:33] + b"\x01a\x00\x01\xff")))
refuse("issued before it was created", "malformed",
       text(envelope(first, plaintext({**first, "created_at": 1700003601}))))
refuse("issued after its expiry", "malformed", text(envelope(first, plaintext({**first, "expires_at": 1700003599}))))
refuse("the second it expires", "expired_idle", good, now=1700090000)
refuse("30 days after its creation", "expired_absolute",
       text(envelope(first, plaintext({**first, "expires_at": 2**40 - 1}))), now=1700000000 + 30 * 86400)
refuse("issued beyond the clock skew of 60 seconds", "not_yet_valid", good, now=1700003539)

# Two cookies: a session of 33 bytes is cut as well as one of 5,000, which keeps this file short.
NAME, SECOND = BASE["cookie_name"], BASE["cookie_name"] + "-2"
whole, partial = [], []


def two(issued_at=BASE["issued_at"], nonce=NONCE, key=KEY, **changes):
    v = {**BASE, "issued_at": issued_at, **changes}
    return v, encode(session(v), key, v["cookie_name"], v["audience"], v["padding_block"], nonce, two_cookies=True)


def cut(value, place):
    return [[NAME, "2~" + value[:place]], [SECOND, value[place:]]]


def read(name, of, cookies):
    v = {key: of[0][key] for key in BASE if key != "padding_block"}
    whole.append({"name": name, **v, "cookies": cookies})


def miss(name, reason, cookies, **changes):
    v = {key: BASE[key] for key in ("cookie_name", "audience", "now")}
    partial.append({"name": name, "reason": reason, **v, **changes, "cookies": cookies})


large = two(data=[["long", json.dumps("x" * 4000)]])
largest = two(data=[["long", json.dumps("x" * (5674 - 45 - 33 - 7 - 2))]], padding_block=1)
assert sum(len(name) + len(value) for name, value in to_cookies(largest[1], NAME)) == 7600
old = two(1700003500, bytes(range(24)), data=[["user_id", '"1"']])
new = two(1700003600, bytes(range(1, 25)), data=[["user_id", '"2"']])
(old_first, old_second), (new_first, new_second) = cut(old[1], 70), cut(new[1], 90)
read("two halves", large, [list(cookie) for cookie in to_cookies(large[1], NAME)])
read("7,600 bytes of names and values", largest, [list(cookie) for cookie in to_cookies(largest[1], NAME)])
read("a text that would fit into one cookie", new, [new_first, new_second])
read("the second part first, and other cookies between", new, [["a", "1"], new_second, [NAME + "-3", "b"], new_first])
read("one character in the first cookie", new, cut(new[1], 1))
read("one character in the second cookie", new, cut(new[1], len(new[1]) - 1))
read("one cookie, and a second one that is left over", new, [[NAME, new[1]], old_second])
read("an older session in two cookies, a newer one in one", new, [old_first, old_second, [NAME, new[1]]])
read("an older session in one cookie, a newer one in two", new, [[NAME, old[1]], new_first, new_second])
read("two sessions in two cookies each", new, [old_first, new_first, new_second, old_second])
read("a newer first part whose second is missing", old, [new_first, old_first, old_second])
read("the fourth pair that is tried", new, [new_first, old_second, [SECOND, "x"], [SECOND, ""], new_second])
miss("the first part alone", "incomplete", [new_first])
miss("the second part alone", "incomplete", [new_second])
miss("parts of two sessions", "incomplete", [new_first, old_second])
miss("parts of two sessions, the other way round", "incomplete", [old_first, new_second])
miss("the first part under both names", "incomplete", [new_first, [SECOND, new_first[1][2:]]])
miss("a second part cut short", "incomplete", [new_first, [SECOND, new_second[1][:-1]]])
miss("a second part with one character changed", "incomplete", [new_first, [SECOND, "~" + new_second[1][1:]]])
miss("a second part with the mark", "incomplete", [new_first, [SECOND, "2~" + new_second[1]]])
miss("bound to the name of the second cookie", "incomplete", cut(two(cookie_name=SECOND)[1], 70))
miss("another audience", "incomplete", [new_first, new_second], audience="shop")
over = "AfV8ds4A" + "A" * (7600 - 2 * len(NAME) - 4 - 8)
miss("7,601 bytes of names and values", "incomplete", cut(over + "A", 3783))
miss("7,600 bytes of names and values that no key sealed", "unknown_key", cut("AfV8ds9A" + over[8:], 3783))
miss("a first part that no browser keeps", "too_long", cut(over, 4096 - len(NAME) - 1))
miss("a second part that no browser keeps", "incomplete", cut(over, len(over) - (4096 - len(SECOND) + 1)))
for mark in ("0~", "1~", "3~", "~"):
    miss(f"a first part that begins with {mark}", "malformed", [[NAME, mark + new_first[1][2:]], new_second])
miss("a mark and nothing behind it", "malformed", [[NAME, "2~"], [SECOND, new[1]]])
miss("the second it expires", "expired_idle", [new_first, new_second], now=1700090000)
miss("version 2", "unsupported_version", [[NAME, "2~Ag" + new_first[1][4:]], new_second])
miss("another key", "unknown_key", cut(two(key=bytes(range(1, 33)))[1], 70))

print(json.dumps({
    "format": "sealed-session v1",
    "key": KEY.hex(), "key_id": key_id(KEY).hex(), "nonce": NONCE.hex(), "session_id": SESSION_ID.hex(),
    "clock_skew": 60, "absolute_timeout": 30 * 86400,
    "accepted": accepted, "refused": refused,
    "two_cookies": {"accepted": whole, "refused": partial},
}, ensure_ascii=False, indent=1))
