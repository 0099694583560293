"""nginx and Caddy with the files of deploy/, on other ports, before a small web server that tells what it got."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from meigen_site.env import BASE_DIR

HOST = "studio.example.org"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
CADDY = Path(sys.executable).with_name("caddy")
POLICY = "default-src 'none'"


class Upstream(BaseHTTPRequestHandler):
    """In the place of the studio."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}}).encode()
        self.send_response(200)
        if self.path == "/picture/":
            body = b""
            self.send_header("X-Accel-Redirect", "/kept/results/a.png")
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Proxy:
    """One that runs; `files` is everything it has written."""

    client: httpx.Client
    folder: Path
    upstream: ThreadingHTTPServer

    def ask(self, method: str, path: str, headers: dict[str, str], content: bytes = b"") -> httpx.Response:
        named, extensions = {"Host": HOST, **headers}, {"sni_hostname": HOST}
        return self.client.request(method, path, content=content, headers=named, extensions=extensions)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def written(self) -> str:
        return "".join(path.read_text() for path in sorted((self.folder / "log").iterdir()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def nginx(folder: Path, upstream: int, port: int) -> list[str]:
    """Its command, with the shipped file as it is but for ports and places."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    names = ["-subj", f"/CN={HOST}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *names], check=True, capture_output=True)
    text = (BASE_DIR / "deploy/nginx/studio.conf").read_text()
    for old, new in {
        f"/etc/letsencrypt/live/{HOST}/fullchain.pem": str(certificate),
        f"/etc/letsencrypt/live/{HOST}/privkey.pem": str(key),
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "    listen [::]:80;\n": "",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        "/var/log/nginx": f"{folder}/log",
        "/var/lib/studio": str(folder),
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "studio.conf").write_text(text)
    places = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    )
    user = "user root;" if os.geteuid() == 0 else ""
    http = f"include /etc/nginx/mime.types; {places} include {folder}/studio.conf;"
    (folder / "nginx.conf").write_text(f"{user} daemon off; pid {folder}/pid; events {{}} http {{ {http} }}")
    return [str(NGINX), "-e", "stderr", "-c", f"{folder}/nginx.conf"]


def caddy(folder: Path, upstream: int, port: int) -> list[str]:
    text = (BASE_DIR / "deploy/caddy/Caddyfile").read_text()
    ours = f"admin off\nlocal_certs\nskip_install_trust\nhttp_port {free_port()}\nhttps_port {port}\n"
    for old, new in {
        "\n{\n": f"\n{{\n{ours}",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        "/var/log/caddy": f"{folder}/log",
        "/var/lib/studio": str(folder),
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "Caddyfile").write_text(text)
    return [str(CADDY), "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]


@contextmanager
def running(name: str, folder: Path) -> Iterator[Proxy]:
    """The proxy, with a kept file of ten bytes."""
    (folder / "log").mkdir()
    (folder / "media" / "results").mkdir(parents=True)
    (folder / "media" / "results" / "a.png").write_bytes(b"0123456789")
    server, port = ThreadingHTTPServer(("127.0.0.1", 0), Upstream), free_port()
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    command = {"nginx": nginx, "caddy": caddy}[name](folder, server.server_port, port)
    with (
        (folder / "log" / "told").open("wb") as told,
        subprocess.Popen(command, stdout=told, stderr=told, env={**os.environ, "HOME": str(folder)}) as process,
        httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=False, trust_env=False) as client,
    ):
        proxy = Proxy(client, folder, server)
        try:
            _wait(proxy)
            yield proxy
        finally:
            process.terminate()
            process.wait(20)
            server.shutdown()
            server.server_close()


def _wait(proxy: Proxy) -> None:
    ends = time.monotonic() + 30
    while not _answers(proxy):
        assert time.monotonic() < ends, proxy.written()
        time.sleep(0.05)


def _answers(proxy: Proxy) -> bool:
    try:
        return proxy.get("/").is_success
    except httpx.TransportError:
        return False
