from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from muster.crypto.certificates import ServerCertificate, ensure_certificate
from muster.server.app import CannotStart
from muster.server.worker import _tls_context

NOW = 1_700_000_000_000


def test_tls_is_1_2_or_newer(tmp_path: Path) -> None:
    assert _tls_context(ensure_certificate(tmp_path, [], NOW)).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("key", ["missing", "of another pair", "nonsense"])
def test_a_certificate_that_cannot_be_served_names_its_files(tmp_path: Path, key: str) -> None:
    made = ensure_certificate(tmp_path / "one", [], NOW)
    files = ServerCertificate(made.ca_file, made.cert_file, tmp_path / "key.pem")
    if key == "of another pair":
        files.key_file.write_bytes(ensure_certificate(tmp_path / "other", [], NOW).key_file.read_bytes())
    elif key == "nonsense":
        files.key_file.write_text("nonsense")
    with pytest.raises(CannotStart) as refusal:
        _tls_context(files)
    assert str(refusal.value).startswith(f"{files.cert_file} and {files.key_file} cannot be used: ")
