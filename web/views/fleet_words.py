"""The words of the fleet: what a status means and what to do about it, orders, tickets, faults of a box."""

from __future__ import annotations

from flask_babel import gettext as _

from broadcast.models import Alarm, Bulk, CommandOrder, CommandState
from broadcast.orders import command_followup, commanding
from broadcast.speakers.conditions import Status
from broadcast.speakers.faults import FaultKind
from devices.messages import Action
from web import alarm_words
from web.views.words import Word, reason


def status(value: Status) -> Word:
    """``hint`` says what to do."""
    return {
        Status.ONLINE: Word(_("Đang kết nối"), "ok"),
        Status.LATE: Word(
            _("Chậm tín hiệu"),
            "warn",
            hint=_("Mạng yếu hoặc chập chờn. Nếu kéo dài, kiểm tra sóng và anten."),
        ),
        Status.OFFLINE: Word(
            _("Mất kết nối"),
            "bad",
            hint=_("Kiểm tra điện, SIM và đường mạng tại chỗ. Buổi phát đã tải sẵn vẫn tự phát đúng giờ."),
        ),
        Status.SILENT: Word(
            _("Không ra tiếng"),
            "bad",
            hint=_(
                "Loa có kết nối nhưng không chứng minh được ra tiếng. Cử người đến nghe, xem âm-li, củ loa."
            ),
        ),
        Status.REFUSING: Word(
            _("Từ chối lệnh"),
            "warn",
            hint=_("Loa vừa từ chối một lệnh. Xem lý do ở nhật ký phát: thường là ngoài khung giờ cho phép."),
        ),
        Status.CLOCK_UNKNOWN: Word(
            _("Chưa biết giờ"),
            "warn",
            hint=_(
                "Chưa biết giờ đúng thì loa không phát. Loa tự chỉnh khi có mạng; nếu kéo dài, kiểm tra mạng."
            ),
        ),
        Status.DATA_LIMIT: Word(
            _("Sắp hết dữ liệu"),
            "warn",
            hint=_(
                "Dữ liệu tháng này của SIM gần hết. Nạp thêm hoặc đổi gói, kẻo loa không tải được bản tin."
            ),
        ),
        Status.SILENCED: Word(
            _("Đang tắt tiếng"),
            "info",
            hint=_("Không gì phát ra, kể cả tin khẩn, cho đến khi có người bỏ tắt tiếng."),
        ),
        Status.NEVER: Word(
            _("Chưa từng kết nối"),
            "idle",
            hint=_("Cắm điện và mạng cho hộp loa. Nếu hộp đang hiện mã, bấm “Nhận loa mới”."),
        ),
        Status.RETIRED: Word(_("Đã ngừng dùng"), "idle"),
    }[value]


def box_fault(code: str) -> str:
    """What a box says of itself; an unknown code is shown as it came."""
    phrases: dict[str, str] = {
        "no_sound_card": _("không thấy cạc âm thanh"),
        "store_failed": _("bộ nhớ bị lỗi, nên thay thẻ"),
        "disk_full": _("bộ nhớ đầy"),
        "amplifier": _("âm-li không phản hồi"),
        "clock_ahead": _("đồng hồ chạy trước giờ máy chủ"),
        "clock_doubtful": _("máy chủ giờ báo sai giờ"),
        "dead_horn": _("củ loa hỏng hoặc đứt dây"),
        "clock": _("đồng hồ bị lỗi"),
    }
    return phrases.get(code) or reason(code)


def action(value: Action) -> Word:
    """As the heading of what was or will be ordered; ``hint`` says what it does."""
    return {
        Action.VOLUME: Word(_("Đặt âm lượng"), icon="volume-2"),
        Action.IDENTIFY: Word(
            _("Kêu một tiếng để tìm"),
            icon="bell-ring",
            hint=_("Loa kêu một tiếng ngắn, để tìm hoặc nghe thử."),
        ),
        Action.REPORT: Word(
            _("Báo cáo ngay"), icon="refresh-cw", hint=_("Loa gửi trạng thái và số đo mới nhất.")
        ),
        Action.SELF_TEST: Word(
            _("Tự kiểm tra"),
            icon="shield-check",
            hint=_("Loa thử âm-li, củ loa, bộ nhớ, đồng hồ rồi báo kết quả."),
        ),
        Action.FETCH: Word(
            _("Tải phần còn thiếu"), icon="download", hint=_("Loa tải ngay âm thanh của các buổi sắp phát.")
        ),
        Action.REBOOT: Word(
            _("Khởi động lại"), icon="undo-2", hint=_("Loa tắt rồi bật lại, mất kết nối khoảng một phút.")
        ),
        Action.SILENCE: Word(
            _("Tắt tiếng"), icon="volume-x", hint=_("Dừng ngay và không gì phát ra, kể cả tin khẩn.")
        ),
        Action.RELEASE: Word(
            _("Bỏ tắt tiếng"), icon="volume-2", hint=_("Loa lại phát bình thường từ buổi kế tiếp.")
        ),
        Action.STOP: Word(_("DỪNG"), icon="circle-stop", hint=_("Dừng những gì đang phát.")),
    }[value]


def told(bulk: Bulk) -> str:
    """An act in a few words, with its value."""
    name = action(bulk.action).text
    if bulk.action is Action.VOLUME and "volume" in bulk.detail:
        return f"{name} {bulk.detail['volume']}%"
    if bulk.action is Action.VOLUME:
        return str(_("Trả âm lượng về như trước"))
    minutes = int(bulk.detail.get("hold_s", 0)) // 60
    if minutes:
        return str(_("%(action)s %(minutes)s phút", action=name, minutes=minutes))
    return name


def order_state(state: CommandState) -> Word:
    return {
        CommandState.QUEUED: Word(_("Chờ gửi"), "idle", "○"),
        CommandState.SENT: Word(_("Đã gửi"), "idle", "→", _("Lệnh đã rời máy chủ, loa chưa trả lời.")),
        CommandState.RECEIVED: Word(_("Loa đã nhận"), "info", "◔"),
        CommandState.DONE: Word(_("Đã làm xong"), "ok", "●"),
        CommandState.FAILED: Word(_("Không làm được"), "bad", "✕"),
        CommandState.EXPIRED: Word(_("Không trả lời"), "warn", "◌", _("Hết hạn mà loa chưa trả lời.")),
    }[state]


def order_outcome(order: CommandOrder) -> Word:
    """The state; what was called back is not a failure."""
    if order.code == command_followup.CANCELLED:
        return Word(_("Đã hủy"), "idle", "⊘")
    if order.code == commanding.SUPERSEDED:
        return Word(_("Có lệnh mới thay"), "idle", "⊘")
    return order_state(order.state)


def order_code(order: CommandOrder) -> str:
    """What the loudspeaker said about it, '' where the state says all."""
    if order.code in ("", "ok", command_followup.CANCELLED, commanding.SUPERSEDED):
        return str(_("Không thấy lỗi")) if order.action is Action.SELF_TEST and order.code == "ok" else ""
    if order.action is Action.SELF_TEST:
        return ", ".join(box_fault(code) for code in order.code.split(","))
    own: dict[str, str] = {
        "silenced": _("đã tắt tiếng"),
        "released": _("đã bỏ tắt tiếng"),
        "stopped": _("đã dừng"),
        "rebooting": _("đang khởi động lại"),
        "expired": _("lệnh tới quá muộn"),
        "unsupported": _("loa này không làm được việc đó"),
    }
    return own.get(order.code) or reason(order.code)


def fault_kind(kind: str) -> str:
    """Of a ticket; one that came from an alarm bears the alarm's words."""
    names: dict[str, str] = {
        FaultKind.NO_SOUND: _("Không ra tiếng"),
        FaultKind.POOR_SOUND: _("Tiếng rè, nhỏ"),
        FaultKind.POWER: _("Mất điện"),
        FaultKind.NETWORK: _("Mất mạng"),
        FaultKind.HORN: _("Hỏng củ loa"),
        FaultKind.AMPLIFIER: _("Hỏng âm-li"),
        FaultKind.MOUNTING: _("Cột, giá đỡ, dây"),
        FaultKind.OTHER: _("Việc khác"),
    }
    return names.get(kind) or alarm_words.alarm_words(Alarm(kind=kind, detail={})).title


def box_end(code: str) -> str:
    """Why a box hangs there no more."""
    reasons: dict[str, str] = {
        "claimed_again": _("nhận lại"),
        "replaced": _("thay hộp khác"),
        "renewed": _("cấp lại danh tính"),
        "retired": _("ngừng dùng"),
    }
    return reasons.get(code, code)
