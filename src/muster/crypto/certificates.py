"""A certificate for servers that were given none: a local CA, made once and kept in the data directory, and under it
the server's certificate. The CA's name constraints (RFC 5280, 4.2.1.10) keep whoever trusts it safe if its key is lost:
it can vouch for this server's names and for nothing else.
"""

import fcntl
import ipaddress
import logging
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Name = str | Address
"""A DNS name in lower case, or an IP address."""

ALWAYS: tuple[Name, ...] = ("localhost", ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))

# Browsers refuse server certificates over 398 days; the first day lies in the past for clients whose clock is behind.
BACKDATED = timedelta(days=1)
CA_DAYS = timedelta(days=3650)
SERVER_DAYS = timedelta(days=396)
RENEWED_BEFORE = timedelta(days=30)

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")

_log = logging.getLogger("muster.certificates")


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Where the PEM files are that TLS is served with; `ca_file` is what a client has to trust."""

    ca_file: Path
    cert_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class _Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_certificate(data_dir: Path, names: Sequence[str], now_ms: int) -> ServerCertificate:
    """Return the server's certificate for localhost and `names` (DNS names, IP addresses), made or renewed if need be.

    The server's certificate is issued anew when the names change or fewer than 30 days remain. The CA is kept until it
    does not permit a name, could end before the certificate it signs, or cannot be read; clients must then trust the
    new one. Safe against a second process doing the same and against a crash at any point. `now_ms` is milliseconds
    since 1970. Refuses with `ValueError` what is neither a host name in ASCII form nor an IP address.
    """
    wanted = list(dict.fromkeys((*ALWAYS, *(_parse_name(name) for name in names))))
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    files = ServerCertificate(data_dir / "ca.pem", data_dir / "server.pem", data_dir / "server.key")
    ca_key_file = data_dir / "ca.key"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(data_dir / "certificates.lock"):
        ca = _read(files.ca_file, ca_key_file)
        if ca is None or not _ca_serves(ca.certificate, wanted, now):
            ca = _make_ca(wanted, now)
            _write(files.ca_file, ca_key_file, ca)
            _log.info("made a local CA; clients must trust %s", files.ca_file)
        server = _read(files.cert_file, files.key_file)
        if server is None or not _server_serves(server.certificate, ca.certificate, wanted, now):
            _write(files.cert_file, files.key_file, _make_server(ca, wanted, now))
    return files


def _parse_name(text: str) -> Name:
    try:
        address = ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        name = text.lower().removesuffix(".")
        if _HOST_NAME.fullmatch(name):
            return name
        raise ValueError(f"{text!r} is neither a host name (in its ASCII form) nor an IP address") from None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise ValueError(f"{text!r} has a zone; a certificate cannot name it")
    return address


def _ca_serves(ca: x509.Certificate, wanted: Sequence[Name], now: datetime) -> bool:
    try:
        permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        return False
    lasts = ca.not_valid_before_utc <= now and now + SERVER_DAYS <= ca.not_valid_after_utc
    return lasts and all(any(_permits(subtree, name) for subtree in permitted) for name in wanted)


def _permits(subtree: x509.GeneralName, name: Name) -> bool:
    match subtree, name:
        case x509.DNSName(value=domain), str():
            return name == domain or name.endswith("." + domain)
        case x509.IPAddress(value=ipaddress.IPv4Network() | ipaddress.IPv6Network() as network), _ if not isinstance(
            name, str
        ):
            return name in network
    return False


def _server_serves(server: x509.Certificate, ca: x509.Certificate, wanted: Sequence[Name], now: datetime) -> bool:
    try:
        server.verify_directly_issued_by(ca)
        listed = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    names = {*listed.get_values_for_type(x509.DNSName), *listed.get_values_for_type(x509.IPAddress)}
    return names == set(wanted) and server.not_valid_before_utc <= now <= server.not_valid_after_utc - RENEWED_BEFORE


def _make_ca(permitted: Sequence[Name], now: datetime) -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    # A CA made later has another name, so that a trust store which holds both never confuses them.
    subject = _distinguished_name(f"Muster local CA {secrets.token_hex(4)}")
    builder = (
        _builder(subject, subject, key, now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.NameConstraints([_general_name(name, subtree=True) for name in permitted], None), critical=True
        )
    )
    return _Issued(builder.sign(key, hashes.SHA256()), key)


def _make_server(ca: _Issued, names: Sequence[Name], now: datetime) -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = ca.certificate.subject
    builder = (
        _builder(_distinguished_name("Muster"), issuer, key, now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
    )
    return _Issued(builder.sign(ca.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _distinguished_name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: Name, *, subtree: bool = False) -> x509.GeneralName:
    if isinstance(name, str):
        return x509.DNSName(name)
    return x509.IPAddress(ipaddress.ip_network(name) if subtree else name)


def _key_usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _read(cert_file: Path, key_file: Path) -> _Issued | None:
    """The pair in these files; None when either is missing, unreadable or belongs to another pair."""
    try:
        certificate = x509.load_pem_x509_certificate(cert_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        pairs = certificate.public_key() == key.public_key()
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if not pairs or not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    key_file.chmod(0o600)
    return _Issued(certificate, key)


def _write(cert_file: Path, key_file: Path, issued: _Issued) -> None:
    key = issued.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _replace(key_file, key)
    _replace(cert_file, issued.certificate.public_bytes(serialization.Encoding.PEM))


def _replace(file: Path, content: bytes) -> None:
    temporary = file.with_name(file.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
