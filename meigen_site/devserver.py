"""`make run`: the sandbox, the web server and the background workers under one foreground command.

The first run writes `.env` with fresh secrets, makes the database and the demo accounts; later ones keep them. Ctrl-C
(or SIGTERM) ends everything that was started here.
"""

import contextlib
import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

from accounts.demo import PEOPLE
from meigen_site import network, private
from meigen_site.processes import end_with_parent

BASE_DIR = Path(__file__).resolve().parent.parent
SANDBOX_PORT = 8900
STOP_SECONDS = 12
READY_SECONDS = 60


def main() -> int:
    os.umask(0o077)  # for the sandbox's files, too
    _write_env()
    known = {**dotenv_values(BASE_DIR / ".env"), **os.environ}
    _close_to_others(BASE_DIR / "var", proxy=bool(known.get("MEDIA_ACCEL")))
    try:
        host, port = network.place(known)
        is_free = _is_free(port, host)
    except ImproperlyConfigured as problem:
        return _say(str(problem))
    except OSError as problem:
        return _say(f"BIND must be an address of this machine: {problem}")
    if not is_free:
        return _say(f"Port {port} is taken. Choose another: make run PORT=8001")
    environment = {**os.environ, "PORT": str(port), "BIND": host}
    commands: dict[str, list[str]] = {}
    if not known.get("MEIGEN_BASE_URL"):
        sandbox_port = known.get("SANDBOX_PORT") or str(SANDBOX_PORT)
        if not sandbox_port.isdigit() or not _is_free(int(sandbox_port)):
            return _say(f"Port {sandbox_port}, for the sandbox, is taken. Choose another: make run SANDBOX_PORT=8901")
        environment["MEIGEN_BASE_URL"] = f"http://127.0.0.1:{sandbox_port}"
        environment["MEIGEN_UPLOAD_URL"] = f"http://127.0.0.1:{sandbox_port}/api"
        ledger = Path(known.get("MEDIA_ROOT") or BASE_DIR / "var" / "media").parent / "sandbox.sqlite3"
        ledger.parent.mkdir(parents=True, exist_ok=True)
        speed = known.get("SANDBOX_SPEED") or "1"
        options = ["--port", sandbox_port, "--ledger", str(ledger), "--speed", speed]
        commands["sandbox"] = [sys.executable, "-m", "sandbox", *options]
    manage = [sys.executable, str(BASE_DIR / "manage.py")]
    for step in (["migrate", "--verbosity", "0"], ["check", "--database", "default"], ["demo"]):
        done = subprocess.run([*manage, *step], env=environment, cwd=BASE_DIR, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            return _say(f"manage.py {step[0]} failed; see above.")
    commands["web"] = [sys.executable, "-m", "gunicorn", "meigen_site.wsgi:application"]
    commands["worker"] = [*manage, "qcluster"]
    return _supervise(commands, environment, _place(host, port, known.get("BASE_PATH") or ""))


def _close_to_others(folder: Path, *, proxy: bool) -> None:
    """Also what an earlier release has left open. The group of a proxy that sends the files may walk through."""
    folder.mkdir(exist_ok=True)
    folder.chmod(private.FOLDER_OF_PROXY if proxy else private.FOLDER)


def _say(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 1


def _write_env() -> None:
    """Secrets of this checkout, made once; whatever is set already stays."""
    path = BASE_DIR / ".env"
    known = {**dotenv_values(path), **os.environ}
    fresh = {"SECRET_KEY": secrets.token_urlsafe(48), "TOKEN_KEYS": f"first:{Fernet.generate_key().decode()}"}
    missing = {name: value for name, value in fresh.items() if not known.get(name)}
    if not missing:
        return
    with open(path, "a", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.writelines(f"{name}={value}\n" for name, value in missing.items())


def _is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens there. Raises OSError if the address is none of this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            return False
    return True


def _place(host: str, port: int, path: str) -> str:
    """The address to open in a browser on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 the words for every address
    return f"http://{network.joined(host, port)}/{path.strip('/')}".rstrip("/") + "/"


def _supervise(commands: dict[str, list[str]], environment: dict[str, str], place: str) -> int:
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # Own sessions: a Ctrl-C in the terminal reaches this process alone, which stops the others in good order.
    processes = {
        name: subprocess.Popen(
            command,
            env=environment,
            cwd=BASE_DIR,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 there are no threads here
        )
        for name, command in commands.items()
    }
    code = 0
    announced, begun = False, time.monotonic()
    while not stopping:
        ended = next((name for name, process in processes.items() if process.poll() is not None), None)
        if ended:
            code = _say(f"The {ended} process exited on its own; stopping the others.")
            break
        listens = not _is_free(int(environment["PORT"]), environment["BIND"])
        if not announced and (listens or time.monotonic() - begun > READY_SECONDS):
            announced = True
            _announce(place, environment, sandbox="sandbox" in commands)
        time.sleep(0.2)
    _stop(processes)
    return code


def _announce(place: str, environment: dict[str, str], *, sandbox: bool) -> None:
    print(f"\n  Meigen Studio    {place}")
    if sandbox:
        print(f"  Meigen sandbox   {environment['MEIGEN_BASE_URL']}/   pretend credits, nothing is charged")
    for name, password, role in PEOPLE:
        print(f"  Sign in          {name} / {password}   ({role}, if you kept the demo accounts)")
    print("  Stop             Ctrl-C\n", flush=True)


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """SIGTERM to each main process, SIGKILL to the whole group of what is left after a while."""
    for process in processes.values():
        process.terminate()
    ends = time.monotonic() + STOP_SECONDS
    for process in processes.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, ends - time.monotonic()))
    for process in processes.values():
        # The group outlives its leader when workers were left behind.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
