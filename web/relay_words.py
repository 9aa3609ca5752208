"""What is said of the stream of another station: why it cannot be carried, and what it costs a SIM card."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broadcast.models import RelayStation
from web.filters import size

HOUR = 3_600_000  # milliseconds
MONTH = 30 * HOUR // 2  # half an hour a day

TROUBLES = {
    "relay_failed": _l("Không nghe được luồng này. Hãy thử lại sau."),
    "relay_refused": _l(
        "Đây không phải địa chỉ luồng phát. Địa chỉ phải bắt đầu bằng http:// hoặc https://."
    ),
    "relay_private": _l(
        "Địa chỉ này nằm trong mạng nội bộ nên loa không được gọi tới. "
        "Nếu đúng là đài của mình, hãy nhờ người quản trị máy chủ cho phép mạng ấy."
    ),
    "relay_loop": _l("Địa chỉ này chuyển tiếp vòng quanh mãi. Hãy xin lại địa chỉ luồng của đài."),
    "relay_tls": _l("Không kết nối an toàn được với đài: chứng chỉ hỏng hoặc hết hạn. Hãy báo đài ấy."),
    "relay_unreachable": _l("Không gọi được đài này. Hãy kiểm tra địa chỉ, hoặc thử lại sau."),
    "relay_missing": _l("Đài không có luồng này, hoặc không cho người ngoài nghe. Hãy xin lại địa chỉ."),
    "relay_stalled": _l("Đài nhận kết nối nhưng không gửi âm thanh. Hãy thử lại sau."),
    "relay_page": _l(
        "Đây là trang web, không phải luồng phát. "
        "Hãy xin đài địa chỉ luồng, thường kết thúc bằng .mp3 hoặc .m3u8."
    ),
    "relay_file": _l(
        "Đây là bản ghi sẵn, không phải luồng trực tiếp. Hãy tải tệp về rồi thêm làm bài ghi âm."
    ),
    "relay_codec": _l("Loa không giải mã được luồng này. Hãy xin đài luồng MP3."),
}


PHRASES = {
    "relay_failed": _l("không nghe được đài tiếp âm"),
    "relay_refused": _l("địa chỉ đài tiếp âm không dùng được"),
    "relay_private": _l("đài tiếp âm nằm trong mạng không được gọi"),
    "relay_loop": _l("địa chỉ đài tiếp âm không dùng được"),
    "relay_tls": _l("không kết nối an toàn được với đài tiếp âm"),
    "relay_unreachable": _l("không gọi được đài tiếp âm"),
    "relay_missing": _l("đài tiếp âm không còn luồng này"),
    "relay_stalled": _l("luồng tiếp âm bị ngắt quãng"),
    "relay_page": _l("đài tiếp âm không phát luồng MP3"),
    "relay_file": _l("đài tiếp âm không phát luồng trực tiếp"),
    "relay_codec": _l("đài tiếp âm không phát luồng MP3"),
    "relay_unsupported": _l("loa này chưa biết tiếp âm"),
}


def reason(code: str) -> str:
    """Why a relay did not sound, or not all of it; an unknown code is shown as it came."""
    return str(PHRASES.get(code, code))


def trouble(code: str, codec: str = "") -> str:
    """Why a stream cannot be carried, and what can be done."""
    if code == "relay_codec" and codec == "encrypted":
        return str(_("Luồng này được mã hoá nên loa không nghe được. Hãy xin đài luồng MP3 để ngỏ."))
    if code == "relay_codec" and codec not in ("", "unknown"):
        return str(_("Luồng này là %(codec)s, loa chỉ nghe được MP3. Hãy xin đài luồng MP3.", codec=codec))
    return str(TROUBLES.get(code, TROUBLES["relay_failed"]))


def quality(station: RelayStation) -> str:
    """``MP3 64 kb/s, 29 MB một giờ``."""
    rate, much = round(station.bit_rate / 1000), size(station.bytes_in(HOUR))
    return str(_("MP3 %(rate)s kb/s, %(size)s một giờ", rate=rate, size=much))


def cost(station: RelayStation) -> str:
    """What half an hour a day takes from each SIM card in a month."""
    much = size(station.bytes_in(MONTH))
    return str(_("30 phút mỗi ngày tốn khoảng %(size)s mỗi tháng trên SIM của từng loa.", size=much))
