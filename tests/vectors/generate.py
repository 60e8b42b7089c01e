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
from sealed_session import (encode, encode_record, key_id, seal, to_cookies, to_text, without_entries,  # noqa: E402
                            write_entry, write_plaintext)

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

# Entries that an application never sees. Here they stand among the values, as they do in the bytes.
hidden = []


def hide(name, **changes):
    hidden.append(accept(name, **changes))
    accepted.remove(hidden[-1])


GENERATION = ["~gen", '"a001020304050607"']
hide("a generation", data=[["user_id", "42"], GENERATION])
hide("a generation before the values", data=[GENERATION, ["user_id", "42"]])
hide("a generation, a CSRF token and a flash value", data=[["user_id", "42"], ["~csrf", '"AAAAAAAAAAAAAAAAAAAAAA"'], GENERATION],
     flash=[["notice", '"Saved"']])
hide("a flash value under the key of the generation", data=[["user_id", "42"], GENERATION], flash=[["~gen", "1"]])

hide("an idle timeout of its own", data=[["user_id", "42"], ["~idle", "1209600"]])
hide("an idle timeout that is none, and a flash value under its key", data=[["~idle", '"two weeks"'], ["user_id", "42"]],
     flash=[["~idle", "1"]])

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

# Records: each with the cookie that it belongs to. One with a lot in it is told by its first value, its length and its tag.
stored, unstored = [], []
OTHER_TIMES = {"created_at": 1, "issued_at": 2, "expires_at": 3}


def record_for(v, body=None, key=KEY, session_id=SESSION_ID):
    more = b"record" + session_id
    return seal(plaintext(v) if body is None else body, key, v["cookie_name"], v["audience"], NONCE, more)


def cookie_for(v, **changes):
    return encode(without_entries(session({**v, **changes})), KEY, v["cookie_name"], v["audience"], 32, NONCE)


def keep(name, cookie=None, fill=None, **changes):
    v = {**BASE, **changes}
    data = v["data"] + ([[fill["key"], json.dumps("x" * fill["count"])]] if fill else [])
    raw = encode_record(session({**v, "data": data}), KEY, v["cookie_name"], v["audience"], v["padding_block"], NONCE)
    told = {"fill": fill, "length": len(raw), "tag": raw[-16:].hex()} if fill else {"record": text(raw)}
    stored.append({"name": name, **v, **told, "cookie": cookie or cookie_for(v)})
    return v, raw


def miss_record(name, reason, raw, cookie_name=BASE["cookie_name"], audience=""):
    cookie = cookie_for({**BASE, "cookie_name": cookie_name, "audience": audience})
    v = {"cookie_name": cookie_name, "audience": audience, "now": BASE["now"]}
    unstored.append({"name": name, "reason": reason, **v, "record": text(raw), "cookie": cookie})


kept, raw = keep("known answer: two values and a flash value", data=first["data"], flash=first["flash"])
keep("known answer: name and audience, not persistent, schema, no padding", flags=0, schema=7, cookie_name="__Host-session",
     audience="shop", padding_block=1, data=[["user_id", "42"]])
keep("no entries")
keep("no entries, no padding", padding_block=1)
keep("padding to 1024 bytes", padding_block=1024, data=[["user_id", "42"]])
keep("flash only", flash=[["notice", '{"level":"info"}']])
keep("one key in both namespaces", data=[["n", "1"]], flash=[["n", "2"]])
keep("more than a cookie holds", fill={"key": "draft", "count": 5000}, data=[["user_id", "42"]])
for block in (1, 32, 1024):
    keep(f"65,535 bytes of entries, padding to {block}", fill={"key": "draft", "count": 65535 - 8 - 2}, padding_block=block)
keep("65,535 bytes in two entries", fill={"key": "draft", "count": 65535 - 8 - 2 - 12}, data=[["user_id", "42"]])
keep("the record is of an older time than the cookie, and not persistent", flags=1, schema=0, data=[["user_id", "42"]])
late = {**BASE, "flags": 0, **OTHER_TIMES, "schema": 3, "data": [["user_id", "42"]]}
stored[-1].update(schema=3, record=text(record_for(late)), sealed={"flags": 0, **OTHER_TIMES})

miss_record("empty", "malformed", b"")
miss_record("77 bytes", "malformed", raw[:77])
miss_record("78 bytes", "not_authentic", raw[:78])
miss_record("the last byte cut off", "not_authentic", raw[:-1])
miss_record("one byte more", "not_authentic", raw + b"\0")
miss_record("version 2", "unsupported_version", b"\2" + raw[1:])
miss_record("another key", "unknown_key", record_for(kept, key=bytes(range(1, 33))))
miss_record("the id of another key", "unknown_key", raw[:1] + bytes([raw[1] ^ 1]) + raw[2:])
for name, place in (("nonce", 5), ("ciphertext", 40), ("tag", len(raw) - 1)):
    miss_record(f"one bit of the {name}", "not_authentic", raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1:])
miss_record("the record of another session", "not_authentic", record_for(kept, session_id=bytes(16)))
miss_record("the record of a session whose id differs in the last bit", "not_authentic",
            record_for(kept, session_id=SESSION_ID[:-1] + bytes([SESSION_ID[-1] ^ 1])))
miss_record("another cookie name", "not_authentic", raw, cookie_name="other")
miss_record("another audience", "not_authentic", raw, audience="shop")
miss_record("a cookie with the same content", "not_authentic", envelope(first, body))
miss_record("the cookie itself", "not_authentic", envelope(BASE, plaintext(BASE)))
miss_record("bound to the word alone", "not_authentic", seal(body, KEY, BASE["cookie_name"], "", NONCE, b"record"))
miss_record("bound to the id alone", "not_authentic", seal(body, KEY, BASE["cookie_name"], "", NONCE, SESSION_ID))
miss_record("the id before the word", "not_authentic",
            seal(body, KEY, BASE["cookie_name"], "", NONCE, SESSION_ID + b"record"))
miss_record("an unknown flag", "malformed", record_for(kept, bytes([2]) + body[1:]))
miss_record("times out of order", "malformed", record_for({**BASE, "created_at": 4, "issued_at": 3}))
miss_record("an entry that is cut short", "malformed", record_for(kept, body[:33] + b"\x05abc"))
miss_record("a key twice", "malformed", record_for(kept, body[:33] + write_entry("a", "1", 0) * 2))
miss_record("padding that is not zero", "malformed", record_for(kept, body + b"\0\1"))
miss_record("32 bytes of plaintext", "malformed", record_for(kept, body[:32]))
refuse("a record as a cookie", "not_authentic", text(raw))

# Tombstones: records that say that a session has ended, and what it became.
ended = []


def end(name, became, cookie=None):
    v = {"cookie_name": BASE["cookie_name"], "audience": "", "now": BASE["now"]}
    ended.append({"name": name, "reason": "revoked", **v, "record": text(became or bytes(16)), "became": became and became.hex(),
                  "cookie": cookie or cookie_for(BASE)})


end("a session that ended", None)
end("a session that became another one", bytes(range(0xB0, 0xC0)))
end("beside a cookie from before there was a store", None, cookie=good)

print(json.dumps({
    "format": "sealed-session v1",
    "key": KEY.hex(), "key_id": key_id(KEY).hex(), "nonce": NONCE.hex(), "session_id": SESSION_ID.hex(),
    "clock_skew": 60, "absolute_timeout": 30 * 86400,
    "accepted": accepted, "refused": refused,
    "reserved": hidden,
    "two_cookies": {"accepted": whole, "refused": partial},
    "records": {"accepted": stored, "refused": unstored, "ended": ended},
}, ensure_ascii=False, indent=1))
