"""Looks at one loudspeaker from outside: what it keeps, and whether its machine is fit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.errors import AmplifierFailed, IdentityInvalid, LinkDown, LinkRefused, StoreFailed
from devices.link_async import SpeakerLink
from devices.messages import ClockQuality
from devices.topics import Topics

from .amplifier import FileAmplifier
from .assembly import Fittings, alone_in, store_path
from .clock import SystemClock
from .core import WAITING, recall
from .health import Sensors, free_bytes
from .identity import Identity
from .microphone import CardMicrophone
from .ports import Message
from .sink import has_sound_card
from .store import SqliteStore

_LEAST_FREE = 200 * 1024 * 1024  # bytes: a week of programme and the journal
_KEY_DAYS = 7  # a key is replaced long before
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check; ``id`` is stable, ``text`` and ``hint`` are for people."""

    id: str
    ok: bool
    text: str
    hint: str = ""


def report(data: Path) -> dict[str, Any]:
    """What the store of a loudspeaker holds, also while it runs; raises StoreFailed."""
    store = SqliteStore(store_path(data), read_only=True)
    try:
        memory = recall(store.facts())
        pending = len(store.pending(1_000_000))
        last_seq = store.last_seq()
    finally:
        store.close()
    desired, plan = memory.desired.get(""), memory.plan.get("")
    over = {name for name, occurrence in memory.item.items() if occurrence.state not in WAITING}
    planned = [item for item in plan.plan.items if item.id not in over] if plan else []
    return {
        "loa": desired.device if desired else None,
        "khu_vuc": list(desired.groups) if desired else [],
        "ban_lenh": [desired.epoch, desired.rev] if desired else None,
        "am_luong": memory.number.get("volume"),
        "luot_phat_sap_toi": len(planned),
        "thong_bao_khan": sum(len(document.alerts) for document in memory.alerts.values()),
        "nhat_ky_da_ghi": last_seq,
        "nhat_ky_chua_gui": pending,
    }


async def examine(identity_file: Path, data: Path, fittings: Fittings) -> list[Finding]:
    """Check the machine and the connection; changes nothing on either side."""
    findings = [_data(data), *_store(data), _sound(), *_fitted(fittings), _clock()]
    try:
        identity = Identity.load(identity_file)
    except IdentityInvalid as error:
        hint = "Lấy tệp danh tính mới từ máy chủ, đặt quyền bằng chmod 600."
        return [Finding("identity", ok=False, text=f"Tệp danh tính: {error}", hint=hint), *findings]
    known = Finding("identity", ok=True, text=f"Danh tính: loa {identity.device}")
    return [known, *findings, await _broker(identity, data)]


def _data(data: Path) -> Finding:
    nearest = next((p for p in (data, *data.absolute().parents) if p.exists()), Path("/"))
    if not os.access(nearest, os.W_OK):
        return Finding(
            "data", ok=False, text=f"Không ghi được vào {nearest}.", hint="Kiểm tra quyền thư mục."
        )
    free = free_bytes(nearest) or 0
    text = f"Thư mục dữ liệu ghi được, còn trống {free // 1024**2} MB"
    return Finding("data", ok=free >= _LEAST_FREE, text=text, hint="Cần ít nhất 200 MB trống.")


def _store(data: Path) -> list[Finding]:
    """Nothing when there is no store yet: the first run makes it."""
    if not store_path(data).exists():
        return []
    hint = "Thẻ nhớ có thể đã hỏng: thay thẻ, cài lại, rồi cấp lại danh tính cho hộp loa."
    try:
        store = SqliteStore(store_path(data), read_only=True)
        try:
            store.check()
            memory = recall(store.facts())
        finally:
            store.close()
    except StoreFailed as error:
        return [Finding("store", ok=False, text=f"Kho dữ liệu hỏng: {error}", hint=hint)]
    damaged = len(memory.damaged)
    text = f"Kho dữ liệu có {damaged} mục hỏng" if damaged else "Kho dữ liệu nguyên vẹn"
    desired = memory.desired.get("")
    key = [_key(desired.key_expires, SystemClock().utc_ms())] if desired and desired.key_expires else []
    return [Finding("store", ok=not damaged, text=text, hint=hint), *key]


def _key(expires: int, now: int) -> Finding:
    days = (expires - now) // _DAY_MS
    text = f"Khóa của loa còn {days} ngày" if days >= 0 else "Khóa của loa đã hết hạn"
    hint = "Nối mạng để loa tự đổi khóa; nếu đã hết hạn thì cấp lại danh tính."
    return Finding("key", ok=days >= _KEY_DAYS, text=text, hint=hint)


def _fitted(fittings: Fittings) -> list[Finding]:
    """What the options name, and nothing else."""
    findings = []
    if fittings.amplifier is not None:
        ok = os.access(fittings.amplifier, os.W_OK)
        text = f"Chân GPIO của tăng âm: {fittings.amplifier}"
        findings.append(Finding("amplifier", ok=ok, text=text, hint="Xuất chân GPIO và cho phép ghi."))
    if fittings.amplifier_sense is not None:
        findings.append(_sense(FileAmplifier(sense=fittings.amplifier_sense)))
    if fittings.microphone:
        heard = CardMicrophone().record(0.2) is not None
        text = "Micrô thu được" if heard else "Micrô không thu được"
        findings.append(Finding("microphone", ok=heard, text=text, hint="Kiểm tra dây và card thu."))
    sensors = Sensors(voltage=fittings.voltage_file, signal=fittings.signal_file)
    if fittings.voltage_file is not None:
        findings.append(_shown("voltage", "Điện áp nguồn", sensors.voltage_v(), "V"))
    if fittings.signal_file is not None:
        findings.append(_shown("signal", "Mức sóng di động", sensors.signal_dbm(), "dBm"))
    return findings


def _sense(amplifier: FileAmplifier) -> Finding:
    try:
        return _shown("amplifier_sense", "Công suất ra loa", amplifier.load(), "W")
    except AmplifierFailed:
        return _shown("amplifier_sense", "Công suất ra loa", None, "W")


def _shown(name: str, what: str, value: float | None, unit: str) -> Finding:
    text = f"{what}: không đọc được" if value is None else f"{what}: {value:g} {unit}"
    return Finding(name, ok=value is not None, text=text, hint="Kiểm tra tệp cảm biến và quyền đọc.")


def _sound() -> Finding:
    if has_sound_card():
        return Finding("sound", ok=True, text="Có card âm thanh")
    return Finding("sound", ok=False, text="Không có card âm thanh", hint="Cắm card hoặc bật trong cấu hình.")


def _clock() -> Finding:
    quality = SystemClock().quality()
    texts = {
        ClockQuality.SYNCED: "Đồng hồ được đồng bộ",
        ClockQuality.HOLDOVER: "Đồng hồ chạy nhưng chưa được đồng bộ",
        ClockQuality.UNKNOWN: "Đồng hồ chưa được đặt",
    }
    hint = "Bật dịch vụ đồng bộ giờ (systemd-timesyncd hoặc chrony)."
    return Finding("clock", ok=quality is ClockQuality.SYNCED, text=texts[quality], hint=hint)


async def _broker(identity: Identity, data: Path) -> Finding:
    """Sign in as the loudspeaker, unless its program runs: the broker would cut that one off."""
    try:
        with alone_in(data):
            await _sign_in(identity)
    except StoreFailed:
        return Finding(
            "broker", ok=True, text="Chương trình loa đang chạy; không thử kết nối để khỏi ngắt nó"
        )
    except LinkRefused as error:
        return Finding("broker", ok=False, text=f"Máy chủ MQTT từ chối: {error}", hint="Kiểm tra mật khẩu.")
    except (LinkDown, OSError) as error:
        text = f"Không kết nối được máy chủ MQTT: {error}"
        return Finding("broker", ok=False, text=text, hint="Kiểm tra mạng và địa chỉ.")
    return Finding("broker", ok=True, text=f"Kết nối được máy chủ MQTT {identity.broker}")


async def _sign_in(identity: Identity) -> None:
    link = SpeakerLink(identity.broker, identity.device, identity.password, clean_session=True)
    try:
        await link.connect(Message(Topics(identity.tenant).tele(identity.device), b""), ())
    finally:
        await link.close()
