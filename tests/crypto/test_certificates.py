"""The local CA and the server's certificate: RFC 5280, and what OpenSSL and Python's strict verification ask for."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

import muster
from muster.crypto import certificates
from muster.crypto.certificates import ServerCertificate, ensure_certificate

NOW = int(datetime.now(UTC).timestamp() * 1000)
DAY = 86_400_000


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def contents(files: ServerCertificate) -> dict[str, bytes]:
    return {
        name: (files.ca_file.parent / name).read_bytes() for name in ("ca.pem", "ca.key", "server.pem", "server.key")
    }


def changed(before: dict[str, bytes], files: ServerCertificate) -> set[str]:
    return {name for name, content in contents(files).items() if before[name] != content}


def handshake(files: ServerCertificate, name: str, *, trusted: Path | None = None) -> None:
    """Connect as a client that verifies by every rule Python has; raises what the client raises."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(files.cert_file, files.key_file)
    client = ssl.create_default_context(cafile=trusted or files.ca_file)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with serving.wrap_socket(theirs, server_side=True) as tls:
                tls.recv(1)
        except OSError:
            theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        with client.wrap_socket(ours, server_hostname=name):
            pass
    finally:
        ours.close()
        server.join()


def test_the_ca_may_only_sign_and_only_for_the_names(tmp_path: Path) -> None:
    ca = read(ensure_certificate(tmp_path, ["login.example.org", "10.1.2.3", "[2001:db8::1]"], NOW).ca_file)
    shown = {extension.oid._name: (extension.critical, extension.value) for extension in ca.extensions}
    assert shown["basicConstraints"] == (True, x509.BasicConstraints(ca=True, path_length=0))
    usage = shown["keyUsage"][1]
    assert isinstance(usage, x509.KeyUsage)
    assert shown["keyUsage"][0]
    assert [
        name for name in ("digital_signature", "key_cert_sign", "crl_sign", "key_agreement") if getattr(usage, name)
    ] == [
        "key_cert_sign",
        "crl_sign",
    ]
    permitted = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_network("127.0.0.1/32")),
        x509.IPAddress(ipaddress.ip_network("::1/128")),
        x509.DNSName("login.example.org"),
        x509.IPAddress(ipaddress.ip_network("10.1.2.3/32")),
        x509.IPAddress(ipaddress.ip_network("2001:db8::1/128")),
    ]
    assert shown["nameConstraints"] == (True, x509.NameConstraints(permitted, None))
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca.public_key())
    assert shown["subjectKeyIdentifier"] == (False, identifier)
    assert shown["authorityKeyIdentifier"] == (False, x509.AuthorityKeyIdentifier(identifier.digest, None, None))
    assert len(shown) == 5


def test_the_servers_certificate_is_for_tls_servers_of_these_names_for_397_days(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path, ["Login.Example.org.", "10.1.2.3", "localhost"], NOW)
    ca, server = read(files.ca_file), read(files.cert_file)
    shown = {extension.oid._name: (extension.critical, extension.value) for extension in server.extensions}
    names = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
        x509.DNSName("login.example.org"),
        x509.IPAddress(ipaddress.ip_address("10.1.2.3")),
    ]
    assert shown["subjectAltName"] == (False, x509.SubjectAlternativeName(names))
    assert shown["basicConstraints"] == (True, x509.BasicConstraints(ca=False, path_length=None))
    assert shown["extendedKeyUsage"] == (False, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))
    issuer = x509.SubjectKeyIdentifier.from_public_key(ca.public_key())
    assert shown["authorityKeyIdentifier"] == (False, x509.AuthorityKeyIdentifier(issuer.digest, None, None))
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=397)
    assert server.not_valid_after_utc < ca.not_valid_after_utc


def test_the_folder_is_the_owners_alone(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path / "new" / "data", [], NOW)
    assert files.ca_file.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in files.ca_file.parent.iterdir()} == {0o600}


def test_keys_left_readable_by_others_are_closed(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path, [], NOW)
    files.key_file.chmod(0o644)
    ensure_certificate(tmp_path, [], NOW)
    assert files.key_file.stat().st_mode & 0o777 == 0o600


# ---------------------------------------------------------------------------------------------------------------- trust


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "login.example.org", "10.1.2.3"])
def test_strict_clients_accept_every_name(tmp_path: Path, name: str) -> None:
    handshake(ensure_certificate(tmp_path, ["login.example.org", "10.1.2.3"], NOW), name)


def test_other_names_and_other_cas_are_refused(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path / "one", [], NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(files, "example.org")
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        handshake(files, "localhost", trusted=ensure_certificate(tmp_path / "other", [], NOW).ca_file)


def stolen(tmp_path: Path) -> ServerCertificate:
    """What a thief of the CA's key could make: a certificate for a name that is not the server's."""
    files = ensure_certificate(tmp_path, [], NOW)
    ca = certificates._read(files.ca_file, tmp_path / "ca.key")
    assert ca is not None
    issued = certificates._make_server(ca, ["example.org"], datetime.now(UTC))
    certificates._write(files.cert_file, files.key_file, issued)
    return files


def test_the_ca_cannot_vouch_for_another_name(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(stolen(tmp_path), "example.org")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(tmp_path: Path) -> None:
    def verify(files: ServerCertificate) -> str:
        command = [
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-CAfile",
            str(files.ca_file),
            str(files.cert_file),
        ]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout

    good = ensure_certificate(tmp_path / "good", ["example.org"], NOW)
    assert verify(good) == f"{good.cert_file}: OK\n"
    assert "permitted subtree violation" in verify(stolen(tmp_path / "bad"))


# -------------------------------------------------------------------------------------------------------------- renewal


def test_what_is_good_is_left_alone(tmp_path: Path) -> None:
    before = contents(ensure_certificate(tmp_path, ["example.org", "10.0.0.1"], NOW))
    files = ensure_certificate(tmp_path, ["10.0.0.1", "EXAMPLE.org", "localhost"], NOW + 300 * DAY)
    assert changed(before, files) == set()


def test_a_server_certificate_near_its_end_is_renewed_under_the_same_ca(tmp_path: Path) -> None:
    before = contents(ensure_certificate(tmp_path, [], NOW))
    assert changed(before, ensure_certificate(tmp_path, [], NOW + 365 * DAY)) == set()
    assert changed(before, ensure_certificate(tmp_path, [], NOW + 367 * DAY)) == {"server.pem", "server.key"}


@pytest.mark.parametrize("names", [[], ["sub.example.org"], ["example.org", "sub.example.org"]])
def test_names_within_the_cas_reach_need_no_new_trust(tmp_path: Path, names: list[str]) -> None:
    before = contents(ensure_certificate(tmp_path, ["example.org"], NOW))
    files = ensure_certificate(tmp_path, names, NOW)
    assert changed(before, files) == {"server.pem", "server.key"}
    for name in names:
        handshake(files, name)


@pytest.mark.parametrize("name", ["example.com", "badexample.org", "10.0.0.2", "org"])
def test_a_name_out_of_the_cas_reach_makes_a_new_ca(tmp_path: Path, name: str) -> None:
    first = ensure_certificate(tmp_path, ["example.org", "10.0.0.1"], NOW)
    before, subject = contents(first), read(first.ca_file).subject
    files = ensure_certificate(tmp_path, [name], NOW)
    assert changed(before, files) == {"ca.pem", "ca.key", "server.pem", "server.key"}
    assert read(files.ca_file).subject != subject
    handshake(files, name)


def test_a_ca_that_could_end_before_its_certificate_is_made_anew(tmp_path: Path) -> None:
    before = contents(ensure_certificate(tmp_path, [], NOW))
    files = ensure_certificate(tmp_path, [], NOW + (3650 - 395) * DAY)
    assert changed(before, files) == {"ca.pem", "ca.key", "server.pem", "server.key"}
    assert read(files.cert_file).not_valid_after_utc < read(files.ca_file).not_valid_after_utc


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "of another pair"])
@pytest.mark.parametrize("name", ["ca.pem", "ca.key", "server.pem", "server.key"])
def test_a_crash_or_a_lost_file_is_mended(tmp_path: Path, name: str, damage: str) -> None:
    files = ensure_certificate(tmp_path / "data", [], NOW)
    file = tmp_path / "data" / name
    before = contents(files)
    match damage:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(before[name][:100])
        case _:
            file.write_bytes(contents(ensure_certificate(tmp_path / "other", [], NOW))[name])
    (tmp_path / "data" / f"{name}.new").write_bytes(b"left behind")
    assert ensure_certificate(tmp_path / "data", [], NOW) == files
    handshake(files, "localhost")
    if name.startswith("server"):
        assert changed(before, files) == {"server.pem", "server.key"}


@pytest.mark.parametrize(
    "name",
    ["", "a b", "exämple.org", "*.example.org", "-a.org", "a..b", "a" * 64, "10.0.0.0/8", "fe80::1%eth0", "a\n", "x\0"],
)
def test_what_no_certificate_can_name_is_refused_and_changes_nothing(tmp_path: Path, name: str) -> None:
    before = contents(ensure_certificate(tmp_path, [], NOW))
    with pytest.raises(ValueError, match=r"neither a host name .* nor an IP address|has a zone"):
        ensure_certificate(tmp_path, [name], NOW)
    assert changed(before, ensure_certificate(tmp_path, [], NOW)) == set()


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from muster.crypto.certificates import ensure_certificate as ensure;"
        "print(ensure(pathlib.Path(sys.argv[1]), ['example.org'], int(sys.argv[2])).ca_file.read_text())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "data"), str(NOW)]
    environment = {"PYTHONPATH": str(Path(muster.__file__).parents[1])}
    starting = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    seen = {process.communicate()[0] for process in starting}
    assert len(seen) == 1
    assert seen == {(tmp_path / "data" / "ca.pem").read_text() + "\n"}
    handshake(ensure_certificate(tmp_path / "data", ["example.org"], NOW), "example.org")
