"""What the cases of a Python client share: the server's addresses and keys, and the records of use that a case causes.

A case is a function that asserts. Each is printed as one line of JSON: {"case", "ok", "says"}. Prices are those of the sandbox: one
unit per token of a prompt, four per token of an answer.
"""

import json
import os
import sys
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

BASE_URL = os.environ["CHECK_BASE_URL"]
UPSTREAM = os.environ["CHECK_UPSTREAM"]
FIRST_KEY = os.environ["CHECK_FIRST_KEY"]
FROZEN_KEY = os.environ["CHECK_FROZEN_KEY"]
CLIENT = os.environ["CHECK_CLIENT"]
# A server with the built-in model, which repeats its prompt and is served at all endpoints.
ECHO_URL = os.environ["CHECK_ECHO_URL"]
ECHO_FIRST_KEY = os.environ["CHECK_ECHO_FIRST_KEY"]
ECHO_FROZEN_KEY = os.environ["CHECK_ECHO_FROZEN_KEY"]
# True where LiteLLM's proxy stands between the server and the model.
PROXIED = bool(os.environ["CHECK_PROXY"])

ANSWER = "alpha beta gamma delta"
PROMPT = "one two three"
MESSAGES = [{"role": "user", "content": PROMPT}]
# Of the prompt with its whole answer.
UNITS = 3 + 4 * 4


def call(method, path, key=FIRST_KEY, body=None, url=BASE_URL):
    """A request without any client."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class Key:
    """A sub-key of its own, whose records nobody else makes."""

    made = 0

    def __init__(self, url=BASE_URL, **bounds):
        Key.made += 1
        self.name, self.url = f"{CLIENT}_{os.getpid()}_{Key.made}", url
        first = ECHO_FIRST_KEY if url == ECHO_URL else FIRST_KEY
        self.text = call("PUT", f"/keys/{self.name}", first, bounds, url)["key"]
        self.cursor = None

    def charged(self, *units):
        """Requires that since the last time exactly these charges were recorded, in any order; returns the records."""
        records = self.records(len(units))
        found = [record["units"] for record in records]
        assert sorted(found) == sorted(units), f"charged {found}, expected {units}: {records}"
        return records

    def records(self, count, within=10):
        """The records since the last time, as many as are expected."""
        found, until = [], time.monotonic() + within
        while len(found) < count and time.monotonic() < until:
            found += self._new()
            time.sleep(0.05)
        found += self._new()
        assert len(found) == count, f"{len(found)} records, expected {count}: {found}"
        return found

    def _new(self):
        query = {"limit": 1000} | ({"cursor": self.cursor} if self.cursor else {})
        page = call("GET", f"/usage?{urllib.parse.urlencode(query)}", self.text, url=self.url)
        self.cursor = page["next"] or self.cursor
        return page["data"]


def upstream_calls(text):
    """The calls that reached the model with a text in them."""
    return call("GET", f"/calls?{urllib.parse.urlencode({'text': text})}", url=UPSTREAM)


def fails(kind, action):
    """The exception of a class that an action must raise."""
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"no {kind} was raised")


def run(version, cases):
    """Runs the cases in their order and exits."""
    print(json.dumps({"version": version}), flush=True)
    failed = False
    for case in cases:
        try:
            ok, says = True, case() or ""
        except Exception as error:
            ok, says, failed = False, f"{type(error).__name__}: {error}", True
            traceback.print_exc()
        print(json.dumps({"case": case.__name__.replace("_", " "), "ok": ok, "says": says[:500]}), flush=True)
    sys.exit(failed)
