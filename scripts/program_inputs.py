#!/usr/bin/env python3
"""Prints what the manifests and the lock file say about the build of the program, and nothing about the rest of the
workspace: a dependency of another crate does not make the built program stale.

Left out is only what cannot change the program. Of Cargo.toml: the members, lints and metadata, all profiles but release
and in that the entries of other packages, and the shared dependencies that the program does not name. Of Cargo.lock: the
packages that the program cannot reach, its own development dependencies among them. The features of its dependencies follow from what is printed: cargo builds
the program alone, so that no other member turns features on.
"""
import json
import pathlib
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CRATE = ROOT / "programs/blockable-credits"


def read(path):
    return tomllib.loads(path.read_text())


def named(manifest):
    """The dependencies that a manifest names, but for those of its tests alone."""
    tables = [manifest, *manifest.get("target", {}).values()]
    kinds = [table.get(kind, {}) for table in tables for kind in ("dependencies", "build-dependencies")]
    return {name: entry for kind in kinds for name, entry in kind.items()}


def packages_named(manifest):
    """The packages of those dependencies, by their own names."""
    shared = read(ROOT / "Cargo.toml")["workspace"]["dependencies"]
    for name, entry in named(manifest).items():
        if isinstance(entry, dict) and entry.get("workspace"):
            entry = shared[name]
        yield entry.get("package", name) if isinstance(entry, dict) else name


def workspace(program):
    """The workspace's manifest without what cannot change the program."""
    manifest = read(ROOT / "Cargo.toml")
    tables = manifest["workspace"]
    for key in ("members", "default-members", "exclude", "lints", "metadata"):
        tables.pop(key, None)
    tables["dependencies"] = {name: entry for name, entry in tables["dependencies"].items() if name in named(program)}
    release = manifest.get("profile", {}).get("release", {})
    packages = {package["name"] for package in locked(program)} | {"*"}
    overrides = {name: entry for name, entry in release.get("package", {}).items() if name.split("@")[0] in packages}
    manifest["profile"] = {"release": release | {"package": overrides}}
    return manifest


def locked(program):
    """The packages of the lock file that the program is built from."""
    packages = read(ROOT / "Cargo.lock")["package"]
    by_name = {}
    for package in packages:
        by_name.setdefault(package["name"], []).append(package)

    def find(dependency):
        # "name", "name version" or "name version (source)": as much as tells it from others.
        name, version = (dependency.split(" ") + [None])[:2]
        return [package for package in by_name[name] if version in (None, package["version"])]

    [root] = by_name[program["package"]["name"]]
    wanted = set(packages_named(program))
    root = root | {"dependencies": [name for name in root["dependencies"] if name.split(" ")[0] in wanted]}
    reached, left = {}, [root]
    while left:
        package = left.pop()
        key = f'{package["name"]} {package["version"]} {package.get("source", "")}'
        if key not in reached:
            reached[key] = package
            left += [found for dependency in package.get("dependencies", []) for found in find(dependency)]
    return [reached[key] for key in sorted(reached)]


def main():
    program = read(CRATE / "Cargo.toml")
    inputs = {"workspace": workspace(program), "packages": locked(program)}
    print(json.dumps(inputs, indent=1, sort_keys=True))


main()
