"""A visitor of the demo who keeps one cookie, and counts what happens to the session."""
import base64
import collections
import http.client
import json
import threading
import urllib.parse

COOKIE = "tideway_session"
DEADLINE = 300  # seconds until a fleet that does not answer fails the test


class Visitor:
    """Logs in once, then writes a counter that grows, or only reads. It checks each answer against what it has written."""

    def __init__(self, name, port):
        self.name, self.cookie, self.written, self.counts = name, None, None, collections.Counter()
        self.server = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        self.log_in()

    def log_in(self):
        self.written = None
        self.request("POST", "/login", {"name": self.name})

    def write(self):
        self.written = (self.written or 0) + 1
        self.request("POST", "/set", {"key": "counter", "value": self.written})
        self.read()

    def read(self):
        """Counts a login that is gone, and a counter that is not the last one written."""
        data = self.request("GET", "/api/session").get("data", {})
        written = None if self.written is None else str(self.written)
        self.counts["lost writes"] += data.get("counter") != written
        if data.get("name") != self.name:
            self.counts["logouts"] += 1
            self.log_in()

    def request(self, method, path, form=None):
        """Sends the cookie, keeps the one that comes back, and counts; gives the session if the body is one."""
        try:
            status, set_cookie, body = send(self.server, method, path, self.cookie, form)
        except (OSError, http.client.HTTPException):
            self.server.close()
            status, set_cookie, body = 0, None, b""
        self.counts["requests"] += 1
        self.counts["failed"] += status != (200 if method == "GET" else 303)
        if set_cookie:
            before, self.cookie = self.cookie, cookie_of(set_cookie)
            if before and self.cookie and key_id(before) != key_id(self.cookie):
                self.counts[f"re-seals by a {'read' if method == 'GET' else 'write'}"] += 1
        return json.loads(body) if status == 200 else {}


class Worker(threading.Thread):
    """A visitor who never rests: writes and reads, or reads only."""

    def __init__(self, visitor, is_writer):
        super().__init__(daemon=True)
        self.visitor, self.act = visitor, visitor.write if is_writer else visitor.read
        self.rounds, self.changed, self.ending = 0, threading.Condition(), False
        self.start()

    def run(self):
        while not self.ending:
            self.act()
            with self.changed:
                self.rounds += 1
                self.changed.notify_all()

    def wait(self, rounds):
        """Waits until so many more rounds began and ended."""
        with self.changed:
            goal = self.rounds + rounds + 1
            if not self.changed.wait_for(lambda: self.rounds >= goal, DEADLINE):
                raise SystemExit(f"{self.visitor.name} got no answer")

    def end(self):
        self.ending = True
        self.join(DEADLINE)


def send(server, method, path, cookie, form=None):
    """Sends a request, and returns the status, the Set-Cookie line if there is one, and the body."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    server.request(method, path, None if form is None else urllib.parse.urlencode(form), headers)
    response = server.getresponse()
    return response.status, response.headers.get("Set-Cookie"), response.read()


def cookie_of(set_cookie):
    """The value of the cookie, or None after a deletion."""
    return set_cookie.split(";")[0].removeprefix(f"{COOKIE}=") or None


def key_id(cookie):
    """The id of the key that sealed the cookie: the four bytes after the version (docs/wire-format.md)."""
    return base64.urlsafe_b64decode(cookie[:8])[1:5]
