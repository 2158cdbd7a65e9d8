"""Certificates for servers on loopback, right and wrong; needs trustme."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path


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

    def server_context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """For ``FaultServer(tls=...)``: a certificate for the names, else for loopback."""
        until = datetime.now(UTC) - timedelta(days=1) if expired else None
        leaf = self._authority.issue_cert(*(names or ("127.0.0.1", "localhost")), not_after=until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and no other."""
        return ssl.create_default_context(cadata=self.pem.decode())
