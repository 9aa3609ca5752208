"""What roles are called on the pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from broadcast.models import Role

ROLE_NAMES = {
    Role.ADMIN: _l("Quản trị"),
    Role.EDITOR: _l("Biên tập"),
    Role.APPROVER: _l("Duyệt"),
    Role.URGENT: _l("Khẩn cấp"),
    Role.VIEWER: _l("Xem"),
}

ROLE_HINTS = {
    Role.ADMIN: _l("Người dùng, địa bàn, cụm loa"),
    Role.EDITOR: _l("Soạn bản tin, xếp lịch phát"),
    Role.APPROVER: _l("Duyệt bản tin người khác soạn"),
    Role.URGENT: _l("Phát khẩn cấp và bấm DỪNG"),
    Role.VIEWER: _l("Chỉ xem, không thay đổi"),
}
