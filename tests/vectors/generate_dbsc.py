#!/usr/bin/env python3
"""Writes dbsc/parts.json: test vectors of the parts of a binding, from section 13 of docs/wire-format.md alone.

It shares no code with the crate: the writer and the reader are those of examples/interop/sealed_session.py, and each vector is read
again before it is written. Run it as: python3 generate_dbsc.py > dbsc/parts.json
"""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "interop"))
from sealed_session import PARTS, Refused, decode_part, encode, encode_part, key_id, seal, to_text  # noqa: E402

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
NONCE = bytes(range(0x40, 0x58))
NAME, NOW = "__Host-session", 1700000000
SESSION, BINDING, PREVIOUS = (bytes(range(start, start + 16)).hex() for start in (0xA0, 0xB0, 0xC0))
# The base point of P-256 (SP 800-186, section 3.2.1.3), which is a public key like any other.
POINT = ("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
GOOD = {
    "identifier": {"binding": BINDING, "session": SESSION, "previous": None, "key": POINT},
    "bound_cookie": {"binding": BINDING, "session": SESSION, "previous": None, "expires_at": NOW + 600},
    "registration": {"session": SESSION, "expires_at": NOW + 720},
    "refresh": {"binding": BINDING, "expires_at": NOW + 720},
}
accepted, refused = [], []


def accept(name, kind, part, cookie_name=NAME, audience="", now=NOW):
    value = encode_part(kind, part, KEY, cookie_name, audience, NONCE)
    assert decode_part(kind, value, [KEY], cookie_name, audience, now) == part, name
    accepted.append({"name": name, "kind": kind, "cookie_name": cookie_name, "audience": audience, "now": now,
                     "part": part, "value": value})
    return value


def refuse(name, reason, kind, value, cookie_name=NAME, audience="", now=NOW):
    try:
        found = decode_part(kind, value, [KEY], cookie_name, audience, now)
    except Refused as refusal:
        found = str(refusal)
    assert found == reason, (name, found)
    refused.append({"name": name, "reason": reason, "kind": kind, "cookie_name": cookie_name, "audience": audience,
                    "now": now, "value": value})


for kind, part in GOOD.items():
    words = kind.replace("_", " ")
    value = accept(words, kind, part)
    accept(f"{words}: another name and an audience", kind, part, "sid", "shop")
    if "previous" in part:
        accept(f"{words}: the session had another id", kind, {**part, "previous": PREVIOUS})
    if "expires_at" in part:
        end = part["expires_at"]
        accept(f"{words}: the last second", kind, part, now=end - 1)
        refuse(f"{words}: the second it ends", "expired", kind, value, now=end)
    purpose, fields = PARTS[kind]
    for other in GOOD:
        if other != kind:
            refuse(f"{words} as {other.replace('_', ' ')}", "not_authentic", other, value)
    refuse(f"{words}: empty", "malformed", kind, "")
    refuse(f"{words}: padding of base64", "malformed", kind, value + "=")
    refuse(f"{words}: in quotes", "malformed", kind, f'"{value}"')
    refuse(f"{words}: another key", "unknown_key", kind, encode_part(kind, part, OTHER, NAME, "", NONCE))
    refuse(f"{words}: of another cookie name", "not_authentic", kind, value, cookie_name="sid")
    refuse(f"{words}: of the bound cookie's name", "not_authentic", kind, value, cookie_name=NAME + "-bound")
    refuse(f"{words}: of another audience", "not_authentic", kind, value, audience="shop")
    length = sum(fields.values())
    for size in (0, length - 1, length + 1):
        if size <= length:  # a longer one is too long before it is opened
            body = bytes(size)
            refuse(f"{words}: {size} bytes", "malformed", kind, to_text(seal(body, KEY, NAME, "", NONCE, purpose)).decode())
    session = {"id": SESSION, "persistent": True, "schema": 0, "created_at": NOW, "issued_at": NOW,
               "expires_at": NOW + 600, "data": {}, "flash": {}}
    short = encode(session, KEY, NAME, nonce=NONCE, padding=1)
    if len(short) <= len(value):
        refuse(f"a session as {words}", "not_authentic", kind, short)

off = POINT[:-2] + "f4"
refuse("identifier: a point that is not on the curve", "malformed", "identifier",
       encode_part("identifier", {**GOOD["identifier"], "key": off}, KEY, NAME, "", NONCE))

mark = to_text(bytes.fromhex(BINDING)).decode()
marked = {**session, "data": {"user_id": "42", "~bound": f'"{mark}"'}}
bound = {"cookie_name": NAME, "audience": "", "now": NOW, "binding": BINDING, "data": [["user_id", "42"]],
         "value": encode(marked, KEY, NAME, nonce=NONCE)}

print(json.dumps({
    "format": "sealed-session v1, section 13", "key": KEY.hex(), "key_id": key_id(KEY).hex(), "nonce": NONCE.hex(),
    "accepted": accepted, "refused": refused, "session": bound,
}, indent=1))
