"""What can go wrong on the wire and on a loudspeaker, as types that the caller can tell apart."""

from __future__ import annotations

import errno


class DeviceError(Exception):
    """Base of all errors of this folder; ``code`` is stable and names the sentence a person is shown."""

    code = "device_error"


# --- messages ----------------------------------------------------------------


class OrderRejected(DeviceError):
    """A message must not be obeyed; ``code`` is also the name of the alarm in the journal."""

    code = "rejected"


class BadSignature(OrderRejected):
    """No signature by a key that is trusted here."""

    code = "bad_signature"


class KeyEnded(OrderRejected):
    """Signed by a key that was good once and is not any more."""

    code = "key_ended"


class Malformed(OrderRejected):
    """Not an envelope, not a message of this protocol, or not a topic of this tenant."""

    code = "malformed"


# --- the loudspeaker itself --------------------------------------------------


class IdentityInvalid(DeviceError):
    """The identity file of a loudspeaker is missing, open to others or not understood."""

    code = "identity_invalid"


class EnrolRefused(DeviceError):
    """The server does not take this box, or answers what is no identity."""

    code = "enrol_refused"


class StoreFailed(DeviceError):
    """The loudspeaker's own store cannot be opened or written."""

    code = "store_failed"


class AlreadyRunning(StoreFailed):
    """Another program of a loudspeaker uses the same data."""

    code = "already_running"


class AudioUnreadable(DeviceError):
    """A file is not audio that can be played."""

    code = "audio_unreadable"


class Silent(DeviceError):
    """What was to be played was stopped before its first sample."""

    code = "silent"


class NoSoundCard(DeviceError):
    """There is no sound device, or it cannot be opened."""

    code = "no_sound_card"


class AmplifierFailed(DeviceError):
    """The amplifier cannot be switched, or its sensor shows nothing."""

    code = "amplifier"


# --- the broker program ------------------------------------------------------


class BrokerMissing(DeviceError):
    """The wished broker program is not installed."""

    code = "broker_missing"


class PortBusy(DeviceError):
    """Another program listens where the broker should."""

    code = "port_busy"

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use by another program")
        self.port = port


class DirectoryBusy(DeviceError):
    """Another server's broker lives in the directory."""

    code = "directory_busy"


class BrokerFailed(DeviceError):
    """The broker program ended or did not answer in time; ``log`` is the end of what it printed."""

    code = "broker_failed"

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


# --- the simulator -----------------------------------------------------------


class ProfileInvalid(DeviceError):
    """The description of a simulated fleet has an unknown key or an impossible value."""

    code = "profile_invalid"


class RehearsalFailed(DeviceError):
    """A process that carried some of the loudspeakers ended without a result."""

    code = "rehearsal_failed"


class OrderUnknown(DeviceError):
    """A running simulation was told something that it does not understand."""

    code = "order_unknown"


# --- the connection ----------------------------------------------------------


class LinkDown(DeviceError):
    """There is no connection to the broker, or it was lost or silent before the broker confirmed."""

    code = "link_down"


class LinkRefused(DeviceError):
    """The broker cannot be used: its address is wrong, or it refuses the name and password."""

    code = "link_refused"


# --- downloads ---------------------------------------------------------------


class FetchError(DeviceError):
    """A file could not be brought; ``permanent`` when the same address will never give the wished file."""

    code = "fetch_failed"
    permanent = False


class FetchRefused(FetchError):
    """The address is not one to fetch from: scheme, host or declared size."""

    code = "fetch_refused"
    permanent = True


class FetchMissing(FetchError):
    """The server says that there is no such file."""

    code = "fetch_missing"
    permanent = True


class FetchCorrupt(FetchError):
    """What came is not what was announced: hash or size; ``whole`` where all of it came and is another."""

    code = "fetch_corrupt"

    def __init__(self, message: str, *, whole: bool = False) -> None:
        super().__init__(message)
        self.whole = whole


class FetchSwapped(FetchCorrupt):
    """Twice, from its beginning, what came was not what was announced: that is no accident of a line."""

    code = "fetch_swapped"


class FetchUnreachable(FetchError):
    """No answer, an error of the server, or a connection cut or too slow."""

    code = "fetch_unreachable"


class DiskFull(FetchError):
    """There is no room for the file."""

    code = "disk_full"
    ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})


# --- streams of other stations -------------------------------------------------


class RelayError(DeviceError):
    """A stream cannot be carried, or not now."""

    code = "relay_failed"


class RelayRefused(RelayError):
    """The address is not one of a stream: scheme, host or port."""

    code = "relay_refused"


class RelayPrivate(RelayRefused):
    """The address lies inside a network, where no stream is looked for unless the policy names it."""

    code = "relay_private"


class RelayLoop(RelayError):
    """One redirection leads to the next."""

    code = "relay_loop"


class RelayTls(RelayError):
    """The station's certificate is not good for its name, or no encryption could be agreed on."""

    code = "relay_tls"


class RelayUnreachable(RelayError):
    """No answer, an error of the server, or a connection that was cut."""

    code = "relay_unreachable"


class RelayMissing(RelayError):
    """The server has no such stream, or does not give it to everybody."""

    code = "relay_missing"


class RelayStalled(RelayError):
    """The connection stands and nothing comes."""

    code = "relay_stalled"


class RelayPage(RelayError):
    """A page to be read in a browser stands there, not a stream."""

    code = "relay_page"


class RelayFile(RelayError):
    """A recording with an end stands there, not a stream."""

    code = "relay_file"


class RelayCodec(RelayError):
    """A stream in a form that loudspeakers do not decode; ``codec`` names it."""

    code = "relay_codec"

    def __init__(self, codec: str) -> None:
        super().__init__(f"the stream is {codec}, not MP3")
        self.codec = codec


_RELAYS: tuple[type[RelayError], ...] = (
    RelayError,
    *RelayError.__subclasses__(),
    *RelayRefused.__subclasses__(),
)
RELAY_TROUBLES = tuple(kind.code for kind in _RELAYS)
"""Why a stream did not sound, or not all of it, as it stands in a loudspeaker's journal."""
