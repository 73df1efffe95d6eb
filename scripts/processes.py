"""Programs that run for as long as a check does, sandboxes above all, and the ports for them.

`python3 scripts/processes.py COUNT` prints the first of so many ports in a row that are free.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time

PATIENCE = 90
# Outgoing connections have ports from 32,768 on: one of them could take a port between the search and the start.
FIRST_PORT, LAST_PORT = 20_000, 32_767


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """The first of some ports in a row that are free. Checks that run at once begin their search in different places."""
    starts = list(range(FIRST_PORT, LAST_PORT - count, count))
    begin = os.getpid() % len(starts)
    for first in starts[begin:] + starts[:begin]:
        if all(is_free(port) for port in range(first, first + count)):
            return first
    raise SystemExit(f"error: no {count} ports in a row are free")


class Process:
    """A program in the background; its output goes to files in a folder."""

    def __init__(self, folder, name, command, env=None):
        self.name, self.log = name, folder / f"{name}.log"
        self.out = folder / f"{name}.out"
        with open(self.log, "wb") as log, open(self.out, "wb") as out:
            self.child = subprocess.Popen(command, stdout=out, stderr=log, stdin=subprocess.DEVNULL, env=env, cwd=folder)

    def wait_for(self, ready):
        """What `ready` finds, once it finds something."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.child.poll() is None:
            if found := ready(self):
                return found
            time.sleep(0.05)
        self.stop()
        raise SystemExit(f"error: {self.name} does not start:\n{self.log.read_text()[-3000:]}")

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


def start_sandbox(folder, demo, name="sandbox", options=(), env=None):
    """Starts a sandbox on free ports; returns its process and the document that it prints."""
    command = [demo, "--serve", "--json", "--port", str(free_ports(5)), *options]
    process = Process(folder, name, command, os.environ | {"TMPDIR": str(folder)} | (env or {}))
    document = process.wait_for(lambda started: started.out.read_text().partition("\n")[1] and started.out.read_text())
    return process, json.loads(document)


if __name__ == "__main__":
    print(free_ports(int(sys.argv[1])))
