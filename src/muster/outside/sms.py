"""Text messages through the operator's gateway: one HTTP request for each, made of the settings `sms_url`, `sms_method`,
`sms_headers` and `sms_body`, in which `{to}` and `{text}` stand for the number and the words.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, quote_plus

from muster.core.messages.queue import NotSent, Undeliverable
from muster.core.outside import Outside, OutsideError, OutsideRefused

_VALUE: Final = re.compile(r"\{(to|text)\}")
_NUMBER: Final = re.compile(r"\+[0-9]{3,15}")

_REFUSED_FOR_NOW: Final = frozenset({401, 402, 403, 404, 405, 408, 409, 425, 429})
"""What a gateway says of our request or of its own state rather than of this number: the operator can cure it."""


class SmsGateway:
    """Sends text messages; see `muster.core.messages.sending.TextGateway`."""

    def __init__(self, outside: Outside, *, url: str, method: str, headers: Iterable[str], body: str) -> None:
        self._outside = outside
        self._url = url
        self._method = method
        named = (header.partition(":") for header in headers)
        self._headers = [(name, value.strip()) for name, _, value in named]
        types = [value for name, value in self._headers if name.lower() == "content-type"]
        if not types and method != "GET":
            self._headers.append(("Content-Type", "application/json"))
        self._body = body if method != "GET" else ""
        self._escape = _escape_for(types[0] if types else "application/json")

    async def send(self, to: str, text: str) -> None:
        """Hand over one text message. `Undeliverable` when the gateway will never take it, `NotSent` when it may later."""
        if not _NUMBER.fullmatch(to):
            raise Undeliverable("address")
        values = {"to": to, "text": text.encode("utf-8", "replace").decode("utf-8")}
        url = _filled(self._url, values, _in_address)
        body = _filled(self._body, values, self._escape).encode()
        try:
            answer = await self._outside.fetch(self._method, url, headers=self._headers, body=body)
        except OutsideRefused as error:
            raise NotSent(f"gateway_{error.reason}") from None
        except OutsideError as error:
            raise NotSent(error.reason) from None
        if 400 <= answer.status < 500 and answer.status not in _REFUSED_FOR_NOW:
            raise Undeliverable("refused")
        if not 200 <= answer.status < 300:
            raise NotSent("refused")


def _filled(template: str, values: dict[str, str], escape: Callable[[str], str]) -> str:
    return _VALUE.sub(lambda found: escape(values[found[1]]), template)


def _escape_for(content_type: str) -> Callable[[str], str]:
    """How a value is written inside of such a body, so that it can end nothing and begin nothing."""
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        return quote_plus
    if media == "application/json" or media.endswith("+json"):
        return _in_json
    return str


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_address(value: str) -> str:
    return quote(value, safe="")
