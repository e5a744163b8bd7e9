"""Every option there is: its type, its default, one sentence. The command line, the environment and `muster.toml` read this table.

A flag wins over `MUSTER_<NAME>`, that over the file, that over the default. An unknown name in the file is an error that
suggests the nearest one; an unknown environment name is only a warning, since other programs may own it.
"""

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

PREFIX: Final = "MUSTER_"

_NOT_SETTINGS: Final = frozenset({"MUSTER_MASTER_KEY", "MUSTER_CONFIG"})
"""Names of the environment that are no options: the key must never stand on a command line or in a file of settings."""


class SettingsError(Exception):
    """An option that cannot be used; the text says which, why, and what would do."""


def _option(default: Any, help_: str, parse: Callable[[Any], Any]) -> Any:
    return field(default=default, metadata={"help": help_, "parse": parse})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("must be text")
    return value


def _whole(lowest: int, highest: int, what: str) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        digits = str(value) if isinstance(value, int) else _text(value)
        # Not `int(value)`, which takes 1_0, Arabic digits and true for numbers.
        if isinstance(value, bool) or not re.fullmatch("[0-9]{1,9}", digits) or not lowest <= int(digits) <= highest:
            raise ValueError(f"must be {what}")
        return int(digits)

    return parse


_port = _whole(0, 65_535, "a port number from 0 to 65535")
_positive = _whole(1, 999_999_999, "a whole number above 0")
_count = _whole(0, 999_999_999, "a whole number from 0 on")


def _url(value: Any) -> str:
    parts = urlsplit(_text(value))
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://users.example.com")
    return f"{_text(value).rstrip('/')}/"


def _one_of(*choices: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(value)

    return parse


def _list(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise TypeError("must be a list of texts")
    return tuple(item.strip() for item in items if item.strip())


def _networks(value: Any) -> tuple[str, ...]:
    return tuple(str(ipaddress.ip_network(item, strict=False)) for item in _list(value))


def _hosts(value: Any) -> tuple[str, ...]:
    hosts = _list(value)
    for host in hosts:
        name, equals, rest = host.partition("=")
        if not equals or not name or not rest.partition("/")[0]:
            raise ValueError("must look like users.example.com=TENANT/DIALECT or users.example.com=TENANT")
    return hosts


def _outer(value: Any) -> tuple[str, ...]:
    """Hosts, addresses and networks; one that cannot be meant as it stands, such as a URL, is refused."""
    items = _list(value)
    for item in items:
        if "/" in item or ":" in item:
            ipaddress.ip_network(item, strict=False)
        elif not re.fullmatch(r"[A-Za-z0-9_.-]+", item):
            raise ValueError(f"{item} is no host name, address or network")
    return items


def _mail_server(value: Any) -> str:
    # What was given is not repeated: it holds a password.
    refusal = ValueError("must look like smtp://USER:PASSWORD@HOST:587, smtps://… or smtp+plain://…")
    try:
        parts = urlsplit(_text(value))
        good = parts.scheme in ("smtp", "smtps", "smtp+plain") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise refusal from None
    if not good or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise refusal
    return _text(value)


def _sender(value: Any) -> str:
    if not re.fullmatch(r"([^<>\r\n]* )?<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+", _text(value)):
        raise ValueError("must be an address such as no-reply@example.com or Example <no-reply@example.com>")
    return _text(value)


def _gateway(value: Any) -> str:
    parts = urlsplit(_text(value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as https://sms.example.com/messages")
    return _text(value)


def _headers(value: Any) -> tuple[str, ...]:
    """One header to a line, or to an item of a list: values may hold commas."""
    items = value.splitlines() if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise TypeError("must be a list of texts")
    for item in items:
        if not re.fullmatch(r"[A-Za-z0-9-]+:[ -~]*", item):
            raise ValueError("must be lines such as Authorization: Bearer ...")
    return tuple(items)


def _path(value: Any) -> Path:
    return Path(_text(str(value)) or ".")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options in force. Names here are the flags' with `_` for `-`."""

    data_dir: Path = _option(  # noqa: RUF009 - a path never changes
        Path("muster-data"), "Folder of the database file, keys and certificates (made 0700).", _path
    )
    database_url: str = _option(
        "", "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; default sqlite:///<data-dir>/muster.db.", _text
    )
    host: str = _option("127.0.0.1", "Address to listen on; 0.0.0.0 for every network.", _text)
    port: int = _option(8400, "Port for plain HTTP; 0 takes a free one.", _port)
    tls_port: int = _option(8443, "Port for HTTPS; 0 takes a free one.", _port)
    public_url: str = _option("", "Address that clients use; default https://127.0.0.1:<tls-port>.", _url)
    workers: int = _option(1, "Processes that serve; more than one pays off on PostgreSQL.", _positive)
    hosts: tuple[str, ...] = _option(
        (), "Host names bound to a tenant and a dialect: NAME=TENANT/DIALECT, comma-separated.", _hosts
    )
    tls_cert: str = _option("", "Certificate chain (PEM) to serve instead of the local authority's.", _text)
    tls_key: str = _option("", "Private key (PEM) of --tls-cert.", _text)
    trusted_proxies: tuple[str, ...] = _option(
        (), "Networks whose X-Forwarded-For is believed, comma-separated.", _networks
    )
    master_key_file: str = _option(
        "", "File with the master key; default <data-dir>/master.key. Or set MUSTER_MASTER_KEY.", _text
    )
    breached_passwords: str = _option(
        "", "Filter of breached passwords, beside the built-in one; muster passwords build-filter makes it.", _text
    )
    rate_limits: str = _option(
        "off", "off, or vendor: the limits that the dialect's vendor tells, per process.", _one_of("off", "vendor")
    )
    sign_ins_per_second: int = _option(
        2,
        "Sign-ins that one network address may begin each second, per process, and 30 times as many at once; 0 for no end.",
        _count,
    )
    most_results: int = _option(
        0, "Where paging through Auth0 lists ends, as the vendor's does at 1000; 0 for no end.", _count
    )
    smtp_url: str = _option(
        "",
        "Mail server: smtp:// with STARTTLS, smtps:// with TLS, smtp+plain:// with neither; USER:PASSWORD@HOST:PORT.",
        _mail_server,
    )
    mail_from: str = _option("", "Sender of mails, such as Example <no-reply@example.com>.", _sender)
    sms_url: str = _option("", "Gateway for text messages; may hold {to} and {text}.", _gateway)
    sms_method: str = _option("POST", "POST, PUT or GET: how the gateway is called.", _one_of("POST", "PUT", "GET"))
    sms_headers: tuple[str, ...] = _option((), "Headers for the gateway, one to a line: Authorization: ...", _headers)
    sms_body: str = _option(
        '{"to": "{to}", "text": "{text}"}',
        "What the gateway is sent; its content type says how values are escaped.",
        _text,
    )
    outbound_allow: tuple[str, ...] = _option(
        (), "Hosts, addresses and networks of your own that webhooks and providers may be at, comma-separated.", _outer
    )
    xmlsec1: str = _option("", "The program xmlsec1, which SAML connections need; empty finds it on PATH.", _text)
    dev_outbox: str = _option(
        "off",
        "on or off: show the messages that wait at /dev/outbox to an administrator; for development.",
        _one_of("on", "off"),
    )
    events_keep_days: int = _option(0, "Days that events are kept; 0 keeps them for ever.", _count)
    most_connections: int = _option(4096, "Connections that one process keeps open at once.", _positive)
    metrics_token: str = _option("", "Bearer token that /metrics asks for when it is read from another machine.", _text)
    log_level: str = _option("info", "error, warning, info or debug.", _one_of("error", "warning", "info", "debug"))
    access_log: str = _option("on", "on or off: one line for each answered request.", _one_of("on", "off"))

    @property
    def database(self) -> str:
        """The database's URL, whether given or by default."""
        return self.database_url or f"sqlite:///{quote(str(self.data_dir / 'muster.db'))}"

    @property
    def key_file(self) -> Path:
        """Where the master key is, unless the environment gives it."""
        return Path(self.master_key_file) if self.master_key_file else self.data_dir / "master.key"


OPTIONS: Final = {f.name: f for f in fields(Settings)}


def load(
    flags: Mapping[str, Any], environment: Mapping[str, str], config: Path | None, warn: Callable[[str], None]
) -> Settings:
    """The settings in force; `flags` holds only what was given. `SettingsError` names what cannot be used."""
    values: dict[str, Any] = {}
    for name, value in _file(config).items():
        values[name] = _parsed(name, value, f"{config}: {name}")
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
            continue
        name = variable[len(PREFIX) :].lower()
        if name in OPTIONS:
            values[name] = _parsed(name, value, variable)
        else:
            warn(f"{variable} is no setting of Muster's and is ignored{_nearest(name, PREFIX, str.upper)}")
    for name, value in flags.items():
        values[name] = _parsed(name, value, "--" + name.replace("_", "-"))
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    """Refuse what cannot hold at once."""
    if settings.smtp_url and not settings.mail_from:
        raise SettingsError("smtp_url needs mail_from: the address that mails come from")
    if settings.dev_outbox == "on" and settings.public_url:
        raise SettingsError(
            "dev_outbox shows codes and links that were meant for others, so it is for development alone: "
            "it cannot be on where a public_url is set"
        )


def config_file(flag: str | None, environment: Mapping[str, str]) -> Path | None:
    """The file of settings: named by flag or environment, else `muster.toml` here if there is one."""
    named = flag or environment.get("MUSTER_CONFIG")
    if named:
        if not Path(named).is_file():
            raise SettingsError(f"there is no file {named}")
        return Path(named)
    return Path("muster.toml") if Path("muster.toml").is_file() else None


def _file(config: Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        content = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{config} cannot be read: {error}") from None
    values = {name.replace("-", "_"): value for name, value in content.items()}
    for name in values:
        if name not in OPTIONS:
            raise SettingsError(f"{config}: unknown setting {name}{_nearest(name)}")
    return values


def _parsed(name: str, value: Any, where: str) -> Any:
    try:
        return OPTIONS[name].metadata["parse"](value)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{where}: {error}") from None


def _nearest(name: str, prefix: str = "", spell: Callable[[str], str] = str) -> str:
    near = difflib.get_close_matches(name, OPTIONS, n=1)
    return f"; did you mean {prefix}{spell(near[0])}?" if near else ""


def load_here(flags: Mapping[str, Any], warn: Callable[[str], None]) -> Settings:
    """The settings of this process, from its own environment and working folder."""
    given = dict(flags)
    config = config_file(given.pop("config", None), os.environ)
    return load({name: value for name, value in given.items() if value is not None}, os.environ, config, warn)
