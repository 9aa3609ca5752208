"""The words and tones for states: one vocabulary for all pages, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broadcast.evidence import proof
from broadcast.evidence.matrix import Cell
from broadcast.evidence.proof import Verdict
from broadcast.models import AsRun, Bulletin, BulletinState, Delivery, RenderState
from devices.messages import AlertStatus, BulletinClass, Evidence, ItemState
from tts.mastering import LOUDNESS
from web import relay_words


@dataclass(frozen=True, slots=True)
class Word:
    """A label with the tone of its badge and, where a sign helps, an icon."""

    text: str
    tone: str = "idle"  # ok warn bad info urgent idle
    icon: str = ""
    hint: str = ""


def bulletin_state(bulletin: Bulletin) -> Word:
    if bulletin.klass is BulletinClass.EMERGENCY and bulletin.state is not BulletinState.WITHDRAWN:
        return Word(_("Thông báo khẩn"), "bad", "siren")  # it is not approved, it is sent
    if bulletin.state is BulletinState.DRAFT and bulletin.return_note:
        return Word(_("Cần sửa"), "bad", "undo-2")
    if bulletin.state is BulletinState.SUBMITTED and bulletin.return_note:
        return Word(_("Cần duyệt lại"), "warn", "clock")
    return {
        BulletinState.DRAFT: Word(_("Bản nháp"), "idle", "pencil"),
        BulletinState.SUBMITTED: Word(_("Chờ duyệt"), "warn", "clock"),
        BulletinState.APPROVED: Word(_("Đã duyệt"), "ok", "check"),
        BulletinState.WITHDRAWN: Word(_("Đã gỡ"), "idle", "ban"),
    }[bulletin.state]


def bulletin_class(klass: BulletinClass) -> Word:
    return {
        BulletinClass.ROUTINE: Word(_("Thông thường"), "idle", hint=_("Phát theo lịch do xã chọn.")),
        BulletinClass.PRIORITY: Word(
            _("Ưu tiên"), "info", hint=_("Phát trước các bản tin thường trong buổi phát gần nhất.")
        ),
        BulletinClass.EMERGENCY: Word(_("Khẩn cấp"), "urgent", "siren"),
    }[klass]


def voice(name: str) -> str:
    names: dict[str, str] = {"north": _("miền Bắc"), "centre": _("miền Trung"), "south": _("miền Nam")}
    return names.get(name, name)


def speed(factor: float) -> str:
    names: dict[float, str] = {
        0.8: _("rất chậm"),
        0.9: _("chậm"),
        1.0: _("vừa"),
        1.1: _("hơi nhanh"),
        1.2: _("nhanh"),
    }
    return names.get(round(factor, 1), f"×{factor:g}")


def times(count: int) -> str:
    return str(ngettext("%(num)s lần", "%(num)s lần", count))


def engine(name: str) -> str:
    names: dict[str, str] = {
        "auto": _("máy tự chọn"),
        "google": _("Google"),
        "espeak": _("máy đọc ngoại tuyến"),
        "piper": _("Piper"),
        "kokoro": _("Kokoro (thử nghiệm, giọng lơ lớ)"),
    }
    return names.get(name, name)


def preset(name: str) -> str:
    names: dict[str, str] = {"standard": _("Bình thường"), "outdoor": _("Ngoài trời: chậm, nghỉ lâu")}
    return names.get(name, name)


def language(code: str) -> str:
    """In Vietnamese the usual names, also of the peoples that the international lists leave out."""
    names: dict[str, str] = {
        "vi": _("Tiếng Việt"),
        "en": _("Tiếng Anh"),
        "tyz": _("Tiếng Tày"),
        "nut": _("Tiếng Nùng"),
        "mtq": _("Tiếng Mường"),
        "blt": _("Tiếng Thái"),
        "hmn": _("Tiếng Mông"),
        "ium": _("Tiếng Dao"),
        "km": _("Tiếng Khmer"),
        "jra": _("Tiếng Gia Rai"),
        "rad": _("Tiếng Ê Đê"),
        "bdq": _("Tiếng Ba Na"),
        "sed": _("Tiếng Xơ Đăng"),
        "kpm": _("Tiếng Cơ Ho"),
        "cjm": _("Tiếng Chăm"),
        "brv": _("Tiếng Bru - Vân Kiều"),
    }
    locale = get_locale() or Locale("vi")
    return names.get(code) or str(locale.languages.get(code.replace("-", "_"), code))


def loudness(lufs: float) -> Word:
    """How loud a clip is beside what loudspeakers are set for; the number is for who knows it."""
    if lufs < LOUDNESS - 1.5:
        return Word(_("nhỏ hơn mức chuẩn"), "warn")
    if lufs > LOUDNESS + 1.5:
        return Word(_("to hơn mức chuẩn"), "warn")
    return Word(_("độ to đúng mức"), "ok")


def voice_failure(reason: str) -> str:
    """Why an engine could not speak a sentence; an unknown reason is shown as it came."""
    reasons: dict[str, str] = {
        "timeout": _("chờ quá lâu không thấy trả lời"),
        "unreachable": _("không kết nối được"),
        "rate_limited": _("đã hỏi quá nhiều lần"),
        "server_error": _("máy chủ giọng nói bị lỗi"),
        "refused": _("máy chủ giọng nói từ chối"),
        "no_audio": _("không nhận được âm thanh"),
        "garbage": _("âm thanh nhận về bị hỏng"),
        "bad_audio": _("âm thanh nhận về bị hỏng"),
        "crashed": _("chương trình đọc bị dừng đột ngột"),
    }
    return reasons.get(reason, reason)


def render_error(code: str) -> str:
    sentences: dict[str, str] = {
        "voice_unavailable": _("Không có giọng đọc nào dùng được lúc này."),
        "disk_full": _("Máy chủ hết chỗ lưu. Báo người quản trị dọn bớt đĩa."),
        "empty_bulletin": _("Bản tin không có chữ nào đọc được."),
    }
    unknown: str = _("Tạo âm thanh không được (mã lỗi: %(code)s).", code=code)
    return sentences.get(code.partition(":")[0], unknown)


def doubt(code: str) -> str:
    sentences: dict[str, str] = {
        "unknown_abbreviation": _("Chữ viết tắt lạ: sẽ đọc từng chữ cái. Nên viết đầy đủ."),
        "ambiguous": _("Có nhiều cách đọc. Nghe lại để chắc chắn."),
        "foreign": _("Từ nước ngoài: có thể đọc sai."),
        "unreadable": _("Không đọc được: phần này sẽ bị bỏ qua."),
    }
    return sentences.get(code, str(_("Có thể đọc sai.")))


def alert_status(status: AlertStatus) -> Word:
    return {
        AlertStatus.ACTUAL: Word(
            _("THẬT"), "urgent", "siren", _("Có việc khẩn cấp thật. Loa hú hiệu lệnh khẩn cấp rồi đọc.")
        ),
        AlertStatus.EXERCISE: Word(
            _("DIỄN TẬP"),
            "warn",
            "users",
            _("Trước khi đọc, loa nói rõ đây là diễn tập, không phải tình huống thật."),
        ),
        AlertStatus.TEST: Word(
            _("THỬ"), "info", "settings", _("Kiểm tra hệ thống. Trước khi đọc, loa nói rõ đây là phát thử.")
        ),
    }[status]


_EVIDENCE = {
    Evidence.SENT: (_l("Đã gửi"), "idle", "→", _l("Lệnh phát đã rời máy chủ. Chưa biết loa đã nhận.")),
    Evidence.ACKNOWLEDGED: (_l("Loa đã nhận"), "info", "◔", _l("Loa báo đã có lịch này. Chưa phát.")),
    Evidence.ARMED: (_l("Loa sẵn sàng"), "info", "◑", _l("Âm thanh đã tải đủ và đúng. Chưa phát.")),
    Evidence.RENDERED: (_l("Đã phát"), "ok", "●", _l("Loa đã phát ra âm thanh, đủ mẫu, âm lượng lớn hơn 0.")),
    Evidence.ELECTRICAL: (_l("Đo được dòng điện"), "ok", "●", _l("Âm-li đo thấy dòng điện ra loa.")),
    Evidence.ACOUSTIC: (
        _l("Micrô nghe thấy"),
        "ok",
        "●",
        _l("Micrô nghe được, so khớp với âm thanh phải phát."),
    ),
    Evidence.HUMAN: (_l("Có người nghe"), "ok", "●", _l("Cán bộ xác nhận đã nghe tận tai.")),
}


def evidence(level: int | None) -> Word:
    """What is proved; below E3 nothing is ever called played."""
    if level is None:
        return Word(_("Chưa gửi"), "idle", "○", _("Lệnh phát chưa rời máy chủ."))
    text, tone, icon, hint = _EVIDENCE[Evidence(level)]
    return Word(str(text), tone, icon, str(hint))


# Put into words for every cell of long tables: only the phrase that is asked for is looked up.
_ITEM_STATES = {
    ItemState.PLANNED: (_l("Chờ giờ phát"), "idle"),
    ItemState.FETCHING: (_l("Đang tải"), "idle"),
    ItemState.READY: (_l("Đã tải xong"), "info"),
    ItemState.ARMED: (_l("Sẵn sàng"), "info"),
    ItemState.STARTING: (_l("Bắt đầu phát"), "info"),
    ItemState.PLAYING: (_l("Đang phát"), "info"),
    ItemState.PREEMPTED: (_l("Nhường tin khẩn"), "warn"),
    ItemState.RESUMING: (_l("Phát tiếp"), "info"),
    ItemState.DONE: (_l("Phát xong"), "ok"),
    ItemState.PARTIAL: (_l("Phát một phần"), "warn"),
    ItemState.FAILED: (_l("Phát lỗi"), "bad"),
    ItemState.CANCELLED: (_l("Đã hủy"), "idle"),
    ItemState.SKIPPED: (_l("Bỏ qua"), "warn"),
    ItemState.REFUSED: (_l("Loa từ chối"), "bad"),
    ItemState.EXPIRED: (_l("Hết hạn"), "warn"),
    ItemState.MISSED: (_l("Bỏ lỡ"), "bad"),
    ItemState.INTERRUPTED: (_l("Bị ngắt"), "warn"),
}


def item_state(state: ItemState) -> Word:
    text, tone = _ITEM_STATES[state]
    return Word(str(text), tone)


SOUNDING = frozenset({ItemState.STARTING, ItemState.PLAYING, ItemState.RESUMING})


def outcome(found: Cell | Delivery) -> Word:
    return _outcome(found.state, found.evidence)


def as_run(row: AsRun) -> Word:
    return _outcome(row.result, row.evidence)


def _outcome(reached: ItemState, level: int | None) -> Word:
    """The proof where there is one, else what kept it from sounding, else how far it has come."""
    state = item_state(reached).text
    match proof.verdict(reached, level):
        case Verdict.PLAYED:
            return Word(_("Đã phát"), "ok", "●")
        case Verdict.PARTLY:
            return Word(state, "warn", "◕")
        case Verdict.UNHEARD if reached is ItemState.DONE:
            return Word(_("Không chứng minh được"), "bad", "✕")
        case Verdict.UNHEARD:
            return Word(state, "bad", "✕")
        case Verdict.CANCELLED:
            return Word(state, "idle", "⊘")
        case Verdict.OPEN:
            return Word(state, "info", "▶") if reached in SOUNDING else evidence(level)


_REASONS = {
    "outside_hours": _l("ngoài khung giờ được phép"),
    "daily_limit": _l("hết số phút phát trong ngày"),
    "weekday": _l("ngày không phát theo lịch"),
    "session_limit": _l("hết số buổi phát trong ngày"),
    "session_minutes": _l("hết số phút của buổi phát"),
    "no_audio": _l("chưa tải được âm thanh"),
    "no_sound": _l("không ra tiếng"),
    "short": _l("phát thiếu"),
    "preempted": _l("nhường thông báo khẩn"),
    "stopped": _l("có lệnh dừng"),
    "stop": _l("có lệnh dừng"),
    "held": _l("đang giữ im lặng"),
    "hold": _l("đang giữ im lặng"),
    "withdrawn": _l("lịch đã gỡ"),
    "cancelled": _l("đã hủy"),
    "retired": _l("cụm loa đã ngừng dùng"),
    "power": _l("mất điện hoặc khởi động lại giữa chừng"),
    "off": _l("loa tắt vào giờ phát"),
    "waited": _l("chờ quá lâu"),
    "changed": _l("lịch đã đổi"),
    "clock_unknown": _l("loa chưa biết giờ đúng"),
    "silenced": _l("đang tắt tiếng"),
    "moved": _l("loa đã chuyển địa bàn"),
    "no_load": _l("không có dòng điện ra loa"),
    "no_report": _l("loa không báo về"),
    "silent": _l("loa không báo về"),
}


def reason(code: str) -> str:
    """Why something did not sound, or stopped; an unknown code is shown as it came."""
    phrase = _REASONS.get(code)
    return str(phrase) if phrase is not None else relay_words.reason(code)


def presence(status: str) -> Word:
    return {
        "online": Word(_("Đang kết nối"), "ok", "circle"),
        "late": Word(_("Chậm tín hiệu"), "warn", "triangle"),
        "offline": Word(_("Mất kết nối"), "bad", "cross"),
        "never": Word(_("Chưa từng kết nối"), "idle", "ring"),
    }[status]


def clock_quality(value: str) -> Word:
    return {
        "synced": Word(_("Đúng giờ"), "ok"),
        "holdover": Word(
            _("Tự giữ giờ"), "warn", hint=_("Loa đang dùng đồng hồ riêng vì mất nguồn giờ chuẩn.")
        ),
    }.get(value, Word(_("Chưa biết"), "idle"))


def render_state(state: RenderState) -> Word:
    return {
        RenderState.NONE: Word(_("Chưa tạo âm thanh"), "idle"),
        RenderState.WAITING: Word(_("Chờ tạo âm thanh"), "idle"),
        RenderState.RENDERING: Word(_("Đang tạo âm thanh"), "info"),
        RenderState.READY: Word(_("Nghe được"), "ok"),
        RenderState.FAILED: Word(_("Không tạo được âm thanh"), "bad"),
    }[state]
