"""What the server says about itself, on standard error: one JSON object a line, or a short line on a terminal.

Secrets stay out: the values of fields whose names say secret are masked, and so is text that looks like one.
"""

import asyncio
import json
import logging
import math
import os
import re
import select
import sys
import time
import traceback
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quote

MASK = "[hidden]"

_TELLING = (
    r"passw(?:or)?d|passphrase|secret|token|authorization|cookie|assertion(?!error)|credential|jwt"
    r"|api_?key|private_?key|(?:\b|_)t?otp(?:\b|_)"
)
_TELLING_NAME = re.compile(_TELLING)
# Every repetition has an end: this is run on text that strangers choose.
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic|dpop)\s{1,8}[\w.~+/=-]{4,}"), rf"\1 {MASK}"),
    (
        re.compile(
            rf"(?i)((?:{_TELLING})[\w-]{{0,40}}[\"']?\s{{0,8}}[=:]\s{{0,8}})"
            r"(?:\"[^\"]*\"|'[^']*'|(?!\[hidden)[^\s,;&})\]\"']+)"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@]{0,200}:)[^\s@/]{1,500}@"), rf"\1{MASK}@"),
)
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x0A}
_DEEPEST = 6
_LONGEST = 16_384
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}

LONGEST_PATH = 500
LONGEST_QUEUE = 10_000
FLUSH_SECONDS = 0.05  # many lines share one system call, which costs as much as making five of them
RETRY_SECONDS = 0.1


def configure(level: str = "info", *, human: bool | None = None) -> None:
    """Send all logging of the process to standard error; `human` is None for: if that is a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    if human is None:
        human = sys.stderr.isatty()
    handler.setFormatter(TerminalFormatter() if human else JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # uvicorn formats a trace line for each connection while its logger has no level of its own.
    logging.getLogger("uvicorn.error").setLevel(level.upper())


def masked(value: object, depth: int = 0) -> object:
    """`value` as JSON can hold it, without secrets: see `mask_text`; members with a telling name are masked whole."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)  # JSON has no infinity
        case str():
            return mask_text(value)
        case _ if depth >= _DEEPEST:
            return "..."
        case Mapping():
            return {
                str(name): MASK if _is_secret(str(name)) else masked(item, depth + 1) for name, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [masked(item, depth + 1) for item in value]
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case _:
            return mask_text(str(value))


def mask_text(text: str) -> str:
    """`text` without bearer and basic credentials, the value in `secret=value`, and passwords in URLs.

    What is very long is cut.
    """
    text = text[:_LONGEST]
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def _is_secret(name: str) -> bool:
    return _TELLING_NAME.search(name.lower().replace("-", "_")) is not None


def _message(record: logging.LogRecord) -> str:
    try:
        if isinstance(record.args, Mapping):
            return mask_text(record.msg % masked(record.args))
        return mask_text(record.getMessage())
    except (TypeError, ValueError, KeyError):
        # A message that does not fit its arguments must not lose the line, nor print them.
        return mask_text(str(record.msg))


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    fields = masked(given)
    assert isinstance(fields, dict)
    if record.exc_info and record.exc_info[0] is not None:
        fields["exception"] = mask_text("".join(traceback.format_exception(*record.exc_info))).rstrip()
    return fields


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


class JsonFormatter(logging.Formatter):
    """`{"time": "2024-05-01T12:00:00.000Z", "level", "logger", "message", …}` and what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": f"{_date(record.created)}.{int(record.created * 1000) % 1000:03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        return json.dumps({**line, **_fields(record)} | line)


class TerminalFormatter(logging.Formatter):
    """`12:00:00 warning message name=value`, with the traceback of an exception below; control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        fields = dict(_fields(record))
        exception = fields.pop("exception", None)
        parts = [
            _clock(record.created),
            record.levelname.lower(),
            _message(record),
            *(f"{name}={value}" for name, value in fields.items()),
        ]
        line = " ".join(parts).replace("\n", " ")
        return (line if exception is None else f"{line}\n{exception}").translate(_CONTROL)


class AccessLog:
    """A line for each answered request, in the form that `configure` gives all others; written in batches.

    Nothing waits for a reader that does not read: what does not fit is dropped, counted, and the count is logged. The
    application flushes it when it stops.
    """

    def __init__(self, descriptor: int = 2, *, human: bool | None = None) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._human = os.isatty(descriptor) if human is None else human
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._lines: list[str] = []
        self._flush_soon = False
        self._reported = 0
        self._second = 0
        self._second_text = ""

    def write(self, method: str, path: str, status: int, ms: float, request_id: str, actor: str | None = None) -> None:
        """Add a line; `path` comes without its query, `ms` is how long the answer took. Only inside an event loop."""
        if len(self._lines) >= LONGEST_QUEUE:
            self.dropped += 1
            return
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._second_text = _clock(second) if self._human else _date(second)
        shown = quote(path[:LONGEST_PATH])
        if self._human:
            who = "-" if actor is None else quote(actor)[1:-1]
            line = f"{self._second_text} {method} {shown[1:-1]} {status} {ms:.1f} ms {who}\n"
        else:
            line = (
                f'{{"time": "{self._second_text}.{int((now - second) * 1000):03d}Z", "level": "info", '
                f'"logger": "muster.access", "message": "request", "method": {quote(method)}, "path": {shown}, '
                f'"status": {status}, "ms": {ms:.2f}, "request_id": "{request_id}", '
                f'"actor": {"null" if actor is None else quote(actor)}}}\n'
            )
        self._lines.append(line)
        if not self._flush_soon:
            self._flush_soon = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what has been collected, as far as the reader keeps up; try again soon with the rest."""
        self._flush_soon = False
        lines = self._lines
        done = 0
        while done < len(lines) and self._poll.poll(0):
            end, size = done + 1, len(lines[done])
            while end < len(lines) and size + len(lines[end]) <= select.PIPE_BUF:
                size += len(lines[end])
                end += 1
            if size > select.PIPE_BUF or not self._write("".join(lines[done:end])):
                self.dropped += end - done
            done = end
        del lines[:done]
        if lines:
            self._flush_soon = True
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.flush)
        elif self.dropped > self._reported:
            logging.getLogger("muster.access").warning(
                "lines dropped", extra={"dropped": self.dropped - self._reported}
            )
            self._reported = self.dropped

    def _write(self, text: str) -> bool:
        # A pipe that polls writable takes PIPE_BUF bytes without blocking, and whole (POSIX write).
        try:
            os.write(self._descriptor, text.encode("ascii"))
        except OSError:
            return False
        return True
