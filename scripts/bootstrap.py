"""Makes the virtual environment hold exactly what the locks name, and does nothing when it already does.

Plain Python, because it runs before anything is installed. A stamp, written last, says what the environment was made
from; a marker, written first, tells an interrupted one, which is thrown away and made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"runtime": ("runtime.txt", "build.txt"), "dev": ("dev.txt",)}
STAMP = "muster-stamp.json"
UNFINISHED = "muster-unfinished"


def main(venv: Path, kind: str) -> int:
    # Two `make` commands started together must not build one environment twice; the lock needs no file of its own.
    with (ROOT / "pyproject.toml").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = {"place": place(venv), kind: fingerprint(kind)}
        have = read_stamp(venv)
        if wanted.items() <= have.items() and python_of(venv).exists():
            return 0
        nearest = next(folder for folder in (venv, *venv.parents) if folder.is_dir())
        if not os.access(nearest, os.W_OK):
            print(f"muster: {venv} cannot be written; name another place: make VENV=/path/to/venv ...", file=sys.stderr)
            return 1
        # What runs `serve` is part of what runs the tests, so one environment can satisfy both.
        kinds = ("runtime", "dev") if kind == "dev" else ("runtime",)
        try:
            build(venv, kind, reuse=have.get("place") in {None, wanted["place"]})
        except subprocess.CalledProcessError as failure:
            print(f"muster: {venv} could not be made (exit status {failure.returncode}); see above.", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"\nmuster: interrupted; the next run makes {venv} again.", file=sys.stderr)
            return 130
        finish(venv, {"place": wanted["place"]} | {each: fingerprint(each) for each in kinds})
    return 0


def build(venv: Path, kind: str, *, reuse: bool) -> None:
    """Create the environment if it is missing, broken or from another place, then install the lock and the project."""
    if not (reuse and usable(venv)):
        create(venv)
    (venv / STAMP).unlink(missing_ok=True)
    (venv / UNFINISHED).touch()
    print(f"muster: installing {' and '.join('lock/' + name for name in LOCKS[kind])} into {venv}", flush=True)
    locks = [argument for name in LOCKS[kind] for argument in ("-r", str(ROOT / "lock" / name))]
    pip(venv, "--require-hashes", "--no-deps", *locks)
    # The build backend is in the lock, so this step downloads nothing.
    pip(venv, "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def create(venv: Path) -> None:
    try:
        import ensurepip  # noqa: F401
        import venv as _  # noqa: F401
    except ImportError:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        sys.exit(
            f"muster: {sys.executable} lacks the venv module. Debian and Ubuntu keep it in a package of its own:\n"
            f"  apt-get install {package}    (or python3-venv)"
        )
    if (
        venv.exists()
        and any(venv.iterdir())
        and not {"pyvenv.cfg", UNFINISHED} & {path.name for path in venv.iterdir()}
    ):
        sys.exit(f"muster: {venv} holds something that is not a virtual environment; it is left as it is.")
    if venv.exists():
        shutil.rmtree(venv)
    print(f"muster: creating {venv} with {sys.executable}", flush=True)
    venv.mkdir(parents=True)
    (venv / UNFINISHED).touch()
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)


def usable(venv: Path) -> bool:
    """True for an environment that is whole and runs the Python we were started with."""
    if (venv / UNFINISHED).exists() or not python_of(venv).exists():
        return False
    question = "import pip, sys; print(*sys.version_info[:2])"
    answer = subprocess.run([python_of(venv), "-c", question], capture_output=True, text=True, check=False)
    return answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def pip(venv: Path, *arguments: str) -> None:
    environment = os.environ | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_USER": "0",
    }
    # A source package would fetch its own build tools, unhashed. Where no wheel exists: PIP_ONLY_BINARY=:none: make ...
    environment.setdefault("PIP_ONLY_BINARY", ":all:")
    subprocess.run([python_of(venv), "-m", "pip", "install", "--quiet", *arguments], check=True, env=environment)


def python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


def place(venv: Path) -> str:
    """What an environment cannot survive a change of: where it and the checkout are, and which Python made it."""
    return f"{ROOT} {venv.resolve()} {sys.version_info[:2]}"


def fingerprint(kind: str) -> str:
    """The locks' contents and whatever of pyproject.toml the installed project's metadata is made from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    metadata = {part: project.get(part) for part in ("build-system", "project")}
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in LOCKS[kind]:
        digest.update((ROOT / "lock" / name).read_bytes())
    return digest.hexdigest()


def read_stamp(venv: Path) -> dict[str, str]:
    try:
        stamp = json.loads((venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def finish(venv: Path, stamp: dict[str, str]) -> None:
    (venv / UNFINISHED).unlink()
    half_written = venv / f"{STAMP}.new"
    half_written.write_text(json.dumps(stamp), "utf-8")
    half_written.replace(venv / STAMP)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2]))
