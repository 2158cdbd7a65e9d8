"""Certificates for servers on loopback, right and wrong; needs trustme."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

LOOPBACK = ("127.0.0.1", "localhost")


class Authority:
    """A certificate authority of one's own; importing this module does not import trustme."""

    def __init__(self) -> None:
        import trustme  # only tests have it

        self._authority = trustme.CA()

    @property
    def pem(self) -> bytes:
        """The certificate that clients must trust."""
        return self._authority.cert_pem.bytes()

    def write(self, path: Path) -> Path:
        """The certificate as a file, for clients that want one."""
        path.write_bytes(self.pem)
        return path

    def write_server(self, path: Path, *names: str) -> Path:
        """A key and its certificate for the names, else for loopback, for any other server."""
        leaf = self._authority.issue_cert(*(names or LOOPBACK))
        path.touch(0o600)
        path.write_bytes(leaf.private_key_and_cert_chain_pem.bytes())
        return path

    def server_context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """For ``FaultServer(tls=...)``: a certificate for the names, else for loopback."""
        until = datetime.now(UTC) - timedelta(days=1) if expired else None
        leaf = self._authority.issue_cert(*(names or LOOPBACK), not_after=until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and no other."""
        return ssl.create_default_context(cadata=self.pem.decode())
