"""Everything that this process tells others by itself, built from the settings: messages and webhooks."""

import asyncio
from collections.abc import Callable

from muster.core.clock import Clock
from muster.core.events import Channel
from muster.core.messages.composing import Composer
from muster.core.messages.sending import LogoutNotices
from muster.core.outside import Outside
from muster.core.security import SecretBox
from muster.jobs.deliver_webhooks import WebhookDeliverer
from muster.jobs.send_messages import MessageSender, Send, by_mail, by_text, to_applications
from muster.outside.mail import SmtpServer
from muster.outside.sms import SmsGateway
from muster.settings import Settings
from muster.wiring import Opened


class Outgoing:
    """Sends messages and delivers webhooks; `start` and `stop` belong to one event loop.

    `public_url` is a tenant's own address, with its slash; `notices` tells applications of sign-outs.
    """

    def __init__(
        self,
        opened: Opened,
        clock: Clock,
        box: SecretBox,
        settings: Settings,
        *,
        outside: Outside,
        public_url: Callable[[int], str],
        notices: LogoutNotices | None = None,
    ) -> None:
        store = self._store = opened.store
        composed = Composer(store, clock, public_url)
        channels: dict[Channel, Send] = {}
        if settings.smtp_url:
            channels["email"] = by_mail(composed, SmtpServer(settings.smtp_url, settings.mail_from))
        if settings.sms_url:
            gateway = SmsGateway(
                outside,
                url=settings.sms_url,
                method=settings.sms_method,
                headers=settings.sms_headers,
                body=settings.sms_body,
            )
            channels["sms"] = by_text(composed, gateway)
        if notices is not None:
            channels["web"] = to_applications(notices)
        self.messages = MessageSender(store.outbox, clock, channels)
        self.webhooks = WebhookDeliverer(opened.runner, store.webhooks, outside, box)

    def start(self) -> None:
        """Begin; what this process writes from here on is sent at once."""
        self._store.on_message = self.messages.wake
        self.messages.start()
        self.webhooks.start()

    async def stop(self) -> None:
        """Let what is on its way arrive, and leave the rest to others or to the next start."""
        self._store.on_message = None
        await asyncio.gather(self.messages.stop(), self.webhooks.stop())
