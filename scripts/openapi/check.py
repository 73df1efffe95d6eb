"""Runs schemathesis against the provider's server and the keeper of a sandbox. `scripts/check-openapi` installs it, and says how to call this."""

import argparse
import datetime
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from processes import start_sandbox

# What a schema cannot say: whether text in base58 is an address, whether a model or a kind of GPU is on offer, whether a lease
# still runs, and which combinations of parameters a model takes. Such requests are refused with 4xx, which is as it should be.
EXCLUDED = ["positive_data_acceptance"]
# Streams without an end.
STREAM = "/v1/reports/stream"
KEEPER_STREAM = "/v1/stream"


def run(name, url, filters, key, asked, folder):
    """Runs schemathesis in a folder, where it keeps what it finds; returns its summary and whether it found nothing."""
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    command = [program, "run", f"{url['document']}", "--url", url["base"], *filters, "-H", f"Authorization: Bearer {key}"]
    command += ["--exclude-checks", ",".join(EXCLUDED), "--phases", "examples,coverage,fuzzing", "--continue-on-failure"]
    command += ["-n", str(asked.examples), "--seed", str(asked.seed), "--request-timeout", "20", "--workers", "1"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1_800, cwd=folder)
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    cases = re.search(r"(\d+) generated", text)
    tested = re.search(r"Tested: (\d+)", text)
    if not cases or not tested:
        raise SystemExit(text[-3000:])
    print(f"{name}: {tested[1]} operations, {cases[1]} requests, exit code {done.returncode}")
    if done.returncode:
        print("\n".join(line[:500] for line in text.splitlines()))
    return (name, int(tested[1]), int(cases[1])), done.returncode == 0


def open_holds(url):
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    values = {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines if line and not line.startswith("#")}
    leases = values.get("blockable_provider_leases_open", 0)
    return values["blockable_provider_holds_open"] - leases, values.get("blockable_provider_lost_settlements_total", 0)


def settled(url):
    """Requires that no request holds anything any more."""
    until = time.monotonic() + 20
    while open_holds(url) != (0, 0):
        if time.monotonic() > until:
            raise SystemExit(f"error: holds stay open: {open_holds(url)}")
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser(prog="check-openapi")
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=pathlib.Path)
    parser.add_argument("--demo", required=True)
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="blockable-openapi-") as folder:
        sandbox, document = start_sandbox(pathlib.Path(folder), asked.demo)
        try:
            key = next(credit["api_key"] for credit in document["credits"] if credit["name"] == "healthy")
            token = (pathlib.Path(document["folder"]) / "provider/admin.token").read_text().strip()
            server, operator = document["provider_url"], document["health_url"]
            described = f"{server}/openapi.json"
            clients = run("clients", {"document": described, "base": server}, ["--exclude-tag", "operations", "--exclude-path", STREAM], key, asked, folder)
            operators = run("operator", {"document": described, "base": operator}, ["--include-tag", "operations"], token, asked, folder)
            settled(operator)
            keeper, health = document["keeper_url"], document["keeper_health_url"]
            described, word = f"{keeper}/openapi.json", pathlib.Path(document["keeper_token_file"]).read_text().strip()
            apart = ["--exclude-tag", "operations", "--exclude-path", KEEPER_STREAM]
            readers = run("keeper", {"document": described, "base": keeper}, apart, word, asked, folder)
            probes = run("keeper's health", {"document": described, "base": health}, ["--include-tag", "operations"], word, asked, folder)
        finally:
            sandbox.stop()
    results = [clients, operators, readers, probes]
    if not all(good for _, good in results):
        sys.exit(1)
    if asked.record:
        asked.record.write_text(record([result for result, _ in results], asked, time.monotonic() - began))


def record(results, asked, seconds):
    """The page of a run."""
    import importlib.metadata

    version = importlib.metadata.version("schemathesis")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    lines = [
        "# The description against the server",
        "",
        f"`scripts/check-openapi --examples {asked.examples} --seed {asked.seed} --record docs/openapi-record.md` wrote this page. It sends",
        "generated requests, good ones and bad ones, to every route that `/openapi.json` of the provider's server and of the keeper of a",
        f"[sandbox](try.md) describes, by schemathesis {version}, and compares each answer with the description: status, headers, type",
        "of content, schema; that no answer is a fault of the server, that bad requests are refused, that routes with a key need it.",
        "At the end no request holds a unit.",
        "",
        "Left out: the streams of reports and of the keeper, which have no end, and the check `positive_data_acceptance`. A schema cannot say whether a",
        "text in base58 is an address, whether a model is on offer, or which combinations of parameters a model takes.",
        "",
        f"Run on {today} in {seconds:.0f} seconds. It found nothing.",
        "",
        "| routes of | operations | requests | findings |",
        "|---|---|---|---|",
    ]
    lines += [f"| {name} | {operations} | {cases:,} | none |" for name, operations, cases in results]
    return "\n".join(lines) + "\n"


main()
