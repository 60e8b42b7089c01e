"""Rotations in the order of docs/operations.md, which nobody notices, with a restart for each step and without any. And two in
a wrong order, which log visitors out."""
import collections
import http.client
import json
import secrets
import time

from servers import Fleet, Node
from visitor import Visitor, Worker, key_id, send

WRITERS, READERS, SLEEPERS = 4, 2, 2
SHOWN = ("requests", "failed", "logouts", "lost writes", "re-seals by a read", "re-seals by a write", "restarts",
         "retried by nginx")


class Rotation:
    """Three nodes under the old key, with visitors at work, and some who come only when they are told to."""

    def __init__(self):
        self.old, self.new = secrets.token_hex(32), secrets.token_hex(32)
        self.fleet, self.workers, self.restarts = Fleet(self.old), [], 0
        visitor = lambda name: Visitor(name, self.fleet.port)
        self.sleepers = [visitor(f"sleeper {n}") for n in range(SLEEPERS)]
        self.old_id = key_id(self.sleepers[0].cookie)
        self.workers = [Worker(visitor(f"writer {n}"), True) for n in range(WRITERS)]
        self.workers += [Worker(visitor(f"reader {n}"), False) for n in range(READERS)]

    def restart(self, node, primary, *previous):
        """Stops a node, starts it with these keys, and lets everyone work while it is down and when it is back."""
        node.stop()
        self.everyone_works()
        node.start(primary, previous)
        self.everyone_works()
        self.restarts += 1

    def rekey(self, node, primary, *previous):
        """Gives a node these keys while it runs, and lets everyone work."""
        node.rekey(primary, *previous)
        self.everyone_works()

    def roll(self, primary, *previous, step=None):
        for node in self.fleet.nodes:
            (step or self.restart)(node, primary, *previous)

    def everyone_works(self):
        for worker in self.workers:
            worker.wait(5)

    def sleepers_come(self):
        for sleeper in self.sleepers:
            sleeper.read()

    def end(self):
        for worker in self.workers:
            worker.end()
        self.sleepers_come()
        visitors = [worker.visitor for worker in self.workers] + self.sleepers
        counts = sum((visitor.counts for visitor in visitors), collections.Counter())
        counts.update({"restarts": self.restarts, "retried by nginx": self.fleet.retried()})
        return counts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            worker.ending = True
        self.fleet.stop()


def in_order():
    """Every node learns the new key, then each seals with it, then every visitor comes, and then the old key is dropped."""
    with Rotation() as r:
        r.roll(r.old, r.new)
        first, *others = r.fleet.nodes
        r.restart(first, r.new, r.old)
        leaves_the_cookie_alone(r, first)
        for node in others:
            r.restart(node, r.new, r.old)
        everyone_has_the_new_key(r)
        r.roll(r.new)
        return r.end()


def in_order_without_a_restart():
    """The same, by nodes that go on serving."""
    with Rotation() as r:
        r.roll(r.old, r.new, step=r.rekey)
        r.roll(r.new, r.old, step=r.rekey)
        everyone_has_the_new_key(r)
        r.roll(r.new, step=r.rekey)
        stranger = Visitor("stranger", r.fleet.port)
        check(key_id(stranger.cookie) != r.old_id, "a new session is sealed under the new key")
        return r.end()


def everyone_has_the_new_key(r):
    r.sleepers_come()
    r.everyone_works()
    late = [v.name for v in r.sleepers + [w.visitor for w in r.workers] if key_id(v.cookie) == r.old_id]
    check(not late, f"still under the old key: {late}")


def leaves_the_cookie_alone(r, promoted):
    """A fourth node, which knows the old key only, meets a cookie under the new one."""
    visitor = Visitor("early bird", promoted.port)
    check(key_id(visitor.cookie) != r.old_id, "a promoted node seals with the new key")
    late = Node(r.fleet.folder, "late")
    try:
        late.start(r.old)
        server = http.client.HTTPConnection("127.0.0.1", late.port)
        status, set_cookie, body = send(server, "GET", "/api/session", visitor.cookie)
    finally:
        late.stop()
    session = json.loads(body)
    check((status, session["rejected"], session["data"]) == (200, "unknown_key", {}), f"an empty session, not {session}")
    check(set_cookie is None, "a node that does not know the key must not touch the cookie")
    for node in r.fleet.nodes:
        server = http.client.HTTPConnection("127.0.0.1", node.port)
        _, _, body = send(server, "GET", "/api/session", visitor.cookie)
        check(json.loads(body)["data"].get("name") == visitor.name, f"the same cookie is good on node {node.name}")
    print("a fourth node without the new key: an empty session, no Set-Cookie, and the cookie is good on the other three")


def promoted_too_early():
    """The first node seals with a key that the others have not heard of."""
    with Rotation() as r:
        r.roll(r.new, r.old)
        return r.end()


def dropped_too_early():
    """The old key goes while a visitor's cookie is still under it."""
    with Rotation() as r:
        r.roll(r.old, r.new)
        r.roll(r.new, r.old)
        r.roll(r.new)
        return r.end()


def check(holds, what):
    if not holds:
        raise SystemExit(f"FAILED: {what}")


def report(rotation):
    counts = rotation()
    shown = ", ".join(f"{counts[what]} {what}" for what in SHOWN)
    print(f"{rotation.__name__.replace('_', ' ')}: {shown}", flush=True)
    return counts


start = time.monotonic()
good = report(in_order)
for what in ("failed", "logouts", "lost writes"):
    check(good[what] == 0, f"{good[what]} {what}")
check(good["retried by nginx"] > 0, "no request met a node that was down: this shows nothing")
check(good["re-seals by a read"] >= READERS + SLEEPERS, "a read seals again under the new key")
live = report(in_order_without_a_restart)
for what in ("failed", "logouts", "lost writes", "restarts", "retried by nginx"):
    check(live[what] == 0, f"{live[what]} {what}")
check(live["re-seals by a read"] >= READERS + SLEEPERS, "a read seals again under the new key")
check(report(promoted_too_early)["logouts"] > 0, "promoting too early must be seen")
early = report(dropped_too_early)
check(early["logouts"] == SLEEPERS, "who was not seen, and no one else, is logged out when the key is dropped too early")
print(f"passed in {time.monotonic() - start:.1f} s")
