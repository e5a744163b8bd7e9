"""Certificates of a test's own authority."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

from muster.crypto.certificates import ensure_certificate


def certified(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The context of a server with these names, and that of a client who trusts it."""
    files = ensure_certificate(folder, names, time.time_ns() // 1_000_000)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.cert_file, files.key_file)
    return server, ssl.create_default_context(cafile=str(files.ca_file))
