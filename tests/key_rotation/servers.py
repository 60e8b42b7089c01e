"""Demo servers behind nginx. Each has its keys in files, as a mounted secret has them, and all are in one temporary folder."""
import contextlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time

FILES = ("ENCRYPTION_KEY", "PREVIOUS_KEYS")
DEADLINE = 300  # seconds until a server that does not take its keys fails the test


class Node:
    """One demo server. It keeps its port over restarts."""

    def __init__(self, folder, name):
        self.folder, self.name = folder / name, name
        self.folder.mkdir()
        self.port, self.process, self.versions = free_port(), None, 0
        for name in FILES:
            (self.folder / name).symlink_to(f"..data/{name}")

    def put_keys(self, primary, previous=()):
        """Puts these keys in the place of others, both files at once: as Kubernetes does, by renaming a link to a folder."""
        self.versions += 1
        version = self.folder / f"..{self.versions}"
        version.mkdir()
        for name, keys in zip(FILES, ([primary], previous)):
            (version / name).write_text("\n".join(keys) + "\n")
            (version / name).chmod(0o600)
        link = self.folder / "..data_tmp"
        link.symlink_to(version.name)
        os.replace(link, self.folder / "..data")

    def rekey(self, primary, *previous):
        """Gives a running server other keys, and waits until it says that it took them."""
        before = self.taken()
        self.put_keys(primary, previous)
        end = time.monotonic() + DEADLINE
        while self.taken() == before:
            if time.monotonic() > end:
                raise SystemExit(f"node {self.name} did not take its keys: {(self.folder / 'errors').read_text()}")
            time.sleep(0.02)

    def taken(self):
        """The number of times that the server took other keys, over all its runs."""
        return (self.folder / "errors").read_text().count("the keys changed")

    def start(self, primary, previous=()):
        self.put_keys(primary, previous)
        variables = {"PORT": str(self.port)}
        variables |= {f"TIDEWAY_SESSION_{name}_FILE": str(self.folder / name) for name in FILES}
        with open(self.folder / "errors", "ab") as errors:
            self.process = subprocess.Popen([os.environ["DEMO"]], env=variables, stdout=subprocess.PIPE, stderr=errors)
        if not any(line.startswith(b"Listening on ") for line in self.process.stdout):
            raise SystemExit(f"node {self.name} did not start: {(self.folder / 'errors').read_text()}")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


class Fleet:
    """Three nodes, all with one key at first, and an nginx that asks them in turn."""

    def __init__(self, key):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.nodes = [Node(self.folder, name) for name in "abc"]
        self.port, self.nginx = free_port(), None
        try:
            for node in self.nodes:
                node.start(key)
            self.start_nginx()
        except BaseException:
            self.stop()
            raise

    def start_nginx(self):
        servers = " ".join(f"server 127.0.0.1:{node.port} max_fails=0;" for node in self.nodes)
        temporary = " ".join(f"{name}_temp_path {name};" for name in
                             ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # nginx always tries a refused connection on the next node. With non_idempotent it also does so for a POST whose
        # node is killed. The POST may then be served twice, which does no harm, since all that it does is in the answer.
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; pid pid; worker_processes 2;
            events {{}}
            http {{
                log_format asked '$status $upstream_addr'; access_log access asked; {temporary}
                upstream fleet {{ zone fleet 64k; {servers} }}
                server {{
                    listen 127.0.0.1:{self.port};
                    location / {{ proxy_pass http://fleet; proxy_next_upstream error non_idempotent; }}
                }}
            }}""")
        command = ["nginx", "-p", f"{self.folder}/", "-e", "errors", "-c", "nginx.conf"]
        self.nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
                return
            if self.nginx.poll() is not None:
                raise SystemExit(f"nginx did not start: {(self.folder / 'errors').read_text()}")

    def retried(self):
        """The number of requests that nginx had to send to more than one node."""
        return sum("," in line for line in (self.folder / "access").read_text().splitlines())

    def stop(self):
        for node in self.nodes:
            node.stop()
        if self.nginx:
            self.nginx.terminate()
            self.nginx.wait()
        shutil.rmtree(self.folder)


def free_port():
    """A port below those that connections get, so that no connection takes it while its server is down."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
