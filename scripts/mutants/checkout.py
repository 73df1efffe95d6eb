"""A copy of the checkout in the cache, for mutants to be made in; the checkout itself is never changed."""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "blockable"
# One for each of the other scripts here, so that they can run at the same time.
COPY = CACHE / f"mutants-{pathlib.Path(sys.argv[0]).stem}"
CRATE = "programs/blockable-credits"
SOURCES = COPY / CRATE / "src"
# Not the checkout's target folder: cargo would take what is built from mutants for the checkout's own.
ENVIRONMENT = {**os.environ, "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(CACHE / "mutants-target"))}


def run(*command, **options):
    """Runs a command in the copy."""
    return subprocess.run(command, cwd=COPY, env=ENVIRONMENT, text=True, **options)


def make():
    """Brings the copy up to what git tracks or would track. A file that is as it was keeps its time, so that cargo builds
    nothing anew."""
    COPY.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout
    wanted = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for path in list(COPY.rglob("*")):
        if path.is_file() and str(path.relative_to(COPY)) not in wanted:
            path.unlink()
    for name in wanted:
        target = COPY / name
        if not target.exists() or target.read_bytes() != (ROOT / name).read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            # Without the original's time, which may be older than what cargo has built.
            shutil.copyfile(ROOT / name, target)
            shutil.copymode(ROOT / name, target)
