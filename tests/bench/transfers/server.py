"""nginx on loopback, gone without a trace: plain, TLS, and slow for each connection."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from galion_core.testing.tls import Authority

#: Seconds that nginx may take to answer.
_PATIENCE = 10
_CONFIGURATION = """\
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  client_body_temp_path temporary;
  proxy_temp_path temporary;
  fastcgi_temp_path temporary;
  uwsgi_temp_path temporary;
  scgi_temp_path temporary;
  root "{files}";
  server {{ listen 127.0.0.1:{plain}; }}
  server {{ listen 127.0.0.1:{slow}; limit_rate {rate}; }}
  server {{
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate server.pem;
    ssl_certificate_key server.pem;
  }}
}}
"""


def nginx() -> str | None:
    """The program; Debian keeps it where the path of a user does not lead."""
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the same files are served from."""

    plain: str
    tls: str
    slow: str
    """With a limit for each connection."""


class Server:
    """nginx, while the context lasts: ``files`` over three origins, state below ``folder``."""

    def __init__(self, folder: Path, files: Path, *, rate: int) -> None:
        """``rate``: bytes a second of a connection to the slow origin."""
        self._folder = folder
        ports = _free_ports(3)
        plain, tls, slow = (f"127.0.0.1:{port}" for port in ports)
        self.origins = Origins(f"http://{plain}", f"https://{tls}", f"http://{slow}")
        self.authority = folder / "authority.pem"
        self._ports = ports
        authority = Authority()
        authority.write(self.authority)
        authority.write_server(folder / "server.pem")
        configuration = _CONFIGURATION.format(
            files=files, plain=ports[0], tls=ports[1], slow=ports[2], rate=rate
        )
        (folder / "nginx.conf").write_text(configuration, encoding="utf-8")

    def __enter__(self) -> Server:
        program = nginx()
        assert program is not None
        self._process = subprocess.Popen(
            [program, "-p", str(self._folder), "-c", "nginx.conf", "-e", "error.log"]
        )
        try:
            for port in self._ports:
                self._wait_for(port)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE)

    def _wait_for(self, port: int) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                if self._process.poll() is not None or time.monotonic() > until:
                    said = (self._folder / "error.log").read_text(errors="replace")
                    raise RuntimeError(f"nginx does not serve: {said}") from None
                time.sleep(0.02)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in listening]
    for each in listening:
        each.close()
    return ports
