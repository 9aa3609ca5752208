"""The MQTT connection of a loudspeaker inside an asyncio loop; one loop carries a thousand of them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from devices.envelope import MAX_BYTES
from devices.errors import LinkDown, LinkRefused
from devices.link_address import Address
from devices.link_pump import Pump
from devices.link_stream import Published, StreamClient
from devices.speaker.ports import Message

log = logging.getLogger(__name__)

_INFLIGHT = 100  # unconfirmed messages on the wire; more waits inside paho, and 1,000 halves the throughput
_BACKLOG = 1_000  # received and not yet taken; beyond it we stop reading and the broker has to wait
_BACKLOG_BYTES = 16_000_000
_AWAITING = 100_000  # the same while we wait for an answer: what the broker retains comes before it
_CONNECTORS = ThreadPoolExecutor(8, thread_name_prefix="mqtt-connect")  # names, TCP and TLS block


class SpeakerLink:
    """One client of the broker; implements :class:`devices.speaker.ports.Link`.

    ``connect`` is a single attempt; after a loss it may be called again. Messages that were not
    confirmed are forgotten with their connection: the sender's own store decides what is sent again.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        client_id: str = "",
        clean_session: bool = False,
        keepalive_s: int = 30,
        answer_within_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        take: Callable[[Message], bool] | None = None,
    ) -> None:
        """``url`` is mqtt://host:port or mqtts://host:port. Raises LinkRefused for any other.

        What ``take`` takes is not received any more; it is not asked while earlier messages wait.
        """
        self._address = Address.parse(url)
        self._credentials = (username, password)
        self._client_id = client_id or username
        self._clean = clean_session
        self._keepalive = keepalive_s
        self._answer_within = answer_within_s
        self._tls = tls
        self._take = take
        self._client: StreamClient | None = None
        self._pump: Pump | None = None
        self._greeting: asyncio.Future[str] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._inbox: asyncio.Queue[Message | None] = asyncio.Queue()
        self._held = 0  # bytes in the inbox

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def connect(self, will: Message, topics: Sequence[str]) -> None:
        """Connect and subscribe at QoS 1, both granted by the broker. Raises LinkDown, LinkRefused."""
        await self.close()
        client = self._make_client(will)
        self._greeting = asyncio.get_running_loop().create_future()
        pump = Pump(client, self._on_message, self._lose)
        await self._open_socket(client)
        self._attach(client, pump)
        try:
            await self._greet()
            if topics:
                await self.subscribe(topics)
        except BaseException:
            self._lose("the connection was not accepted")
            raise

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Raises LinkDown, LinkRefused when the broker grants less than all."""
        code, mid = self._require().subscribe([(topic, 1) for topic in topics])
        codes = await self._answer(self._expect(code, mid))
        refused = [topic for topic, reason in zip(topics, codes, strict=True) if reason.is_failure]
        if refused:
            raise LinkRefused(f"the broker refuses to deliver {', '.join(refused)}")

    async def unsubscribe(self, topics: Sequence[str]) -> None:
        """Raises LinkDown."""
        code, mid = self._require().unsubscribe(list(topics))
        await self._answer(self._expect(code, mid))

    async def publish(self, message: Message, *, qos: int = 1) -> None:
        """At QoS 1 returns when the broker has the message. Raises LinkDown when it may not have it."""
        confirmed = self.post(message, qos=qos)
        if qos:
            await self._answer(confirmed)

    def post(self, message: Message, *, qos: int = 1) -> asyncio.Future[Any]:
        """Begin to publish and return at once: the future ends with the broker's confirmation or LinkDown."""
        info = self._require().publish(message.topic, message.payload, qos, message.retain)
        if qos:
            return self._expect(info.rc, info.mid)
        written: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        written.set_result(None)
        return written

    async def receive(self) -> Message:
        """The next message, in order of arrival. Raises LinkDown once the connection is lost."""
        message = await self._inbox.get()
        if message is None:
            self._inbox.put_nowait(None)
            raise LinkDown(f"the connection to {self._address} is lost")
        self._held -= len(message.payload)
        if (
            self._pump is not None
            and self._pump.paused
            and not self._fills(_BACKLOG // 2, _BACKLOG_BYTES // 2)
        ):
            self._pump.resume()
        return message

    async def close(self) -> None:
        """Disconnect without the last will; nothing happens when there is no connection."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_write()
            self._lose("closed")

    def abort(self) -> None:
        """Cut the connection as a power cut would: the broker sends the last will."""
        self._lose("cut")

    # --- one connection --------------------------------------------------

    def _make_client(self, will: Message) -> StreamClient:
        client = StreamClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=self._clean,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        client.username_pw_set(*self._credentials)
        client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        client.max_inflight_messages_set(_INFLIGHT)
        client.connect_timeout = 10.0
        if self._address.tls:
            context = self._tls or ssl.create_default_context()
            context.sslsocket_class = _HandshakeSocket
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_publish = self._on_confirmed
        client.on_subscribe = self._on_granted
        client.on_unsubscribe = self._on_granted
        client.on_disconnect = self._on_disconnect
        return client

    async def _open_socket(self, client: StreamClient) -> None:
        loop = asyncio.get_running_loop()
        host, port = self._address.host, self._address.port
        opening = loop.run_in_executor(_CONNECTORS, client.connect, host, port, self._keepalive)
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda _: _close_socket(client))
            raise
        except ssl.SSLCertVerificationError as error:
            raise LinkRefused(f"the certificate of {self._address} is not trusted: {error}") from error
        except OSError as error:
            raise LinkDown(f"no connection to {self._address}: {error}") from error

    def _attach(self, client: StreamClient, pump: Pump) -> None:
        self._client, self._pump = client, pump
        self._inbox = asyncio.Queue()
        self._held = 0
        pump.start(self._keepalive)

    async def _greet(self) -> None:
        assert self._greeting is not None  # noqa: S101 - set before the socket was opened
        refusal = await self._answer(self._greeting)
        if refusal:
            raise LinkRefused(f"the broker at {self._address} refuses {self._credentials[0]}: {refusal}")

    def _lose(self, why: str) -> None:
        """Forget the connection: everybody who waits for it hears LinkDown."""
        pump, self._pump, self._client = self._pump, None, None
        if pump is None:
            return
        pump.stop()
        waiting, self._answers = self._answers, {}
        for future in (self._greeting, *waiting.values()):
            _fail(future, LinkDown(f"the connection to {self._address} is lost: {why}"))
        self._inbox.put_nowait(None)

    # --- what comes; nothing may escape from here -------------------------------

    def _on_message(self, published: Published) -> None:
        try:
            topic = published.topic.decode()
        except UnicodeDecodeError:
            log.warning("a topic that is not text was dropped", extra={"action": "topic_unreadable"})
            return
        payload = published.payload
        if len(payload) > MAX_BYTES:  # the beginning is enough to refuse what is longer than any honest one
            payload = payload[: MAX_BYTES + 1]
        message = Message(topic, payload, published.retain)
        if self._take is not None and self._inbox.empty() and self._take(message):
            return
        self._held += len(payload)
        self._inbox.put_nowait(message)
        if self._pump is not None and self._fills(_AWAITING if self._answers else _BACKLOG, _BACKLOG_BYTES):
            self._pump.pause()

    def _fills(self, count: int, size: int) -> bool:
        return self._inbox.qsize() >= count or self._held >= size

    def _on_connect(
        self, client: Client, userdata: object, flags: object, reason: Any, properties: object
    ) -> None:
        _settle(self._greeting, str(reason) if reason.is_failure else "")

    def _on_confirmed(self, client: Client, userdata: object, mid: int, *more: object) -> None:
        _settle(self._answers.pop(mid, None), None)

    def _on_granted(
        self, client: Client, userdata: object, mid: int, reasons: object, properties: object
    ) -> None:
        _settle(self._answers.pop(mid, None), reasons)

    def _on_disconnect(
        self, client: Client, userdata: object, flags: object, reason: Any, properties: object
    ) -> None:
        if client is self._client:
            self._lose(str(reason))

    # --- waiting ------------------------------------------------------------

    def _require(self) -> StreamClient:
        if self._client is None:
            raise LinkDown(f"there is no connection to {self._address}")
        return self._client

    def _expect(self, code: MQTTErrorCode, mid: int | None) -> asyncio.Future[Any]:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise LinkDown(f"the connection to {self._address} takes nothing: {code!r}")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[mid] = future
        if self._pump is not None and self._pump.paused:
            self._pump.resume()
        return future

    async def _answer(self, future: asyncio.Future[Any]) -> Any:
        try:
            async with asyncio.timeout(self._answer_within):
                return await future
        except TimeoutError as error:
            raise LinkDown(f"the broker at {self._address} does not answer") from error


class _HandshakeSocket(ssl.SSLSocket):
    """Closes when its handshake fails: paho forgets such a socket without closing it."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def _close_socket(client: Client) -> None:
    sock = client.socket()
    if sock is not None:
        sock.close()


def _settle(future: asyncio.Future[Any] | None, answer: object) -> None:
    if future is not None and not future.done():
        future.set_result(answer)


def _fail(future: asyncio.Future[Any] | None, error: LinkDown) -> None:
    if future is not None and not future.done():
        future.set_exception(error)
        future.exception()  # nobody may be waiting any more
