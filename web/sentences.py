"""What a refusal says to people: one sentence for every code, with what to do next.

The values in a sentence are the error's ``params``; one that is missing reads as nothing.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "domain_error": _l("Không làm được việc này. Hãy thử lại; nếu vẫn lỗi, báo người quản trị."),
    "not_found": _l("Không tìm thấy. Có thể mục này đã bị xoá hoặc đường dẫn sai."),
    "claim_unknown": _l(
        "Không có hộp loa nào đang hiện mã “%(value)s”. Mã chỉ dùng trong 15 phút; hãy xem lại mã trên loa."
    ),
    "claim_gone": _l("Mã nhận loa đã hết hạn. Hãy lấy mã mới trên loa."),
    # who you are, what you may
    "not_authenticated": _l("Hãy đăng nhập để tiếp tục."),
    "bad_credentials": _l("Tên đăng nhập hoặc mật khẩu không đúng. Hãy kiểm tra rồi nhập lại."),
    "too_many_attempts": _l("Nhập sai quá nhiều lần. Hãy đợi %(wait_s)s giây rồi thử lại."),
    "link_invalid": _l("Đường dẫn này không dùng được. Hãy chép lại đủ cả dòng, hoặc xin đường dẫn mới."),
    "link_used": _l("Đường dẫn này đã dùng rồi. Hãy đăng nhập, hoặc xin người quản trị đường dẫn mới."),
    "link_expired": _l("Đường dẫn này đã hết hạn. Hãy xin người quản trị đường dẫn mới."),
    "forbidden": _l("Tài khoản của bạn không có quyền làm việc này. Hãy hỏi người quản trị của đơn vị."),
    "leader_needed": _l("Bản tin này phải do người có quyền duyệt của đơn vị duyệt."),
    "self_approval": _l("Người soạn không tự duyệt bản tin của mình. Hãy nhờ lãnh đạo khác duyệt."),
    "key_refused": _l("Không đổi được khóa của loa này. Hãy nhận lại loa bằng mã mới."),
    # the world has moved on
    "conflict": _l("Mục này vừa được người khác thay đổi. Hãy tải lại trang rồi làm lại."),
    "stale_version": _l(
        "Người khác đã sửa mục này trong lúc bạn soạn. Nội dung bạn nhập vẫn còn ở đây; "
        "hãy mở bản mới để so sánh trước khi lưu."
    ),
    "content_changed": _l(
        "Nội dung hoặc âm thanh đã thay đổi so với bản bạn vừa xem. Hãy đọc và nghe lại rồi duyệt."
    ),
    "wrong_state": _l(
        "Việc này không làm được ở trạng thái hiện tại. Hãy tải lại trang để xem trạng thái mới."
    ),
    "already_exists": _l("“%(value)s” đã có rồi. Hãy chọn tên khác."),
    "already_set_up": _l("Hệ thống đã được thiết lập. Hãy đăng nhập."),
    "upload_busy": _l("Máy chủ đang xử lý bản thu này. Hãy đợi một lát rồi bấm “Gửi lại”."),
    "last_administrator": _l(
        "Đây là người quản trị cuối cùng. Hãy trao quyền quản trị cho người khác trước."
    ),
    # the input cannot be used
    "invalid_input": _l("Có chỗ nhập chưa đúng. Hãy kiểm tra lại."),
    "setting_invalid": _l("Cài đặt %(name)s không dùng được: %(why)s."),
    "empty_title": _l("Chưa có tên. Hãy nhập tên."),
    "title_too_long": _l("Tiêu đề dài %(count)s ký tự, tối đa %(limit)s. Hãy rút ngắn."),
    "empty_bulletin": _l("Bản tin chưa có nội dung. Hãy nhập nội dung để đọc."),
    "text_too_long": _l("Nội dung dài %(count)s ký tự, tối đa %(limit)s. Hãy chia thành nhiều bản tin."),
    "not_text": _l("Tệp này không phải văn bản UTF-8. Hãy lưu lại dưới dạng văn bản (.txt) rồi chọn lại."),
    "value_too_long": _l("Một ô dài %(count)s ký tự, tối đa %(limit)s. Hãy rút ngắn."),
    "voice_refused": _l("Giọng %(name)s không dùng được: %(why)s."),
    "voice_invalid": _l("Giọng đọc hoặc tốc độ này không có. Hãy chọn lại giọng đọc."),
    "out_of_range": _l("Một số nhập vào phải từ %(minimum)s đến %(maximum)s. Hãy sửa lại."),
    "too_many_parts": _l("Bản tin có %(count)s bản tiếng khác, tối đa %(limit)s. Hãy bỏ bớt."),
    "too_many_schedules": _l(
        "Tuần này có %(count)s lịch phát, mỗi lần chỉ chép được %(limit)s. Hãy chọn từng xã hoặc từng thôn."
    ),
    "not_audio": _l("Tệp này không phải âm thanh đọc được. Hãy chọn tệp mp3, m4a, ogg, opus, wav hoặc flac."),
    "not_photo": _l("Tệp này không phải ảnh JPEG dùng được. Hãy chụp lại bằng điện thoại."),
    "audio_too_long": _l("Bản thu dài quá %(minutes)s phút. Hãy cắt ngắn hoặc chia thành nhiều bản tin."),
    "audio_silent": _l("Không nghe thấy gì trong bản thu. Hãy kiểm tra micrô rồi ghi lại."),
    "file_too_large": _l("Tệp lớn hơn %(limit_mb)s MB. Hãy chọn tệp nhỏ hơn."),
    "entry_invalid": _l(
        "Từ hoặc cách đọc chưa dùng được. Hãy nhập từ như trong văn bản và cách đọc bằng chữ tiếng Việt."
    ),
    "table_invalid": _l(
        "Tệp này không phải bảng cách đọc. Bảng cần dòng đầu có cột “Viết” và “Đọc là”, tối đa 5.000 dòng."
    ),
    "time_in_past": _l("Thời điểm này đã qua. Hãy chọn thời điểm sau bây giờ."),
    "unknown_area": _l("Không có địa bàn này. Hãy chọn lại địa bàn."),
    "invalid_code": _l("Mã “%(value)s” không hợp lệ. Mã gồm chữ hoa A–Z và số, cách nhau bằng dấu chấm."),
    "invalid_window": _l("Giờ “%(value)s” không hợp lệ. Hãy nhập giờ dạng 05:30."),
    "invalid_position": _l("Toạ độ không hợp lệ. Vĩ độ từ -90 đến 90, kinh độ từ -180 đến 180."),
    "area_cycle": _l("Không thể chuyển một địa bàn vào bên trong chính nó. Hãy chọn nơi khác."),
    "invalid_username": _l("Tên đăng nhập gồm chữ thường không dấu, số, dấu chấm; ít nhất 2 ký tự."),
    "weak_password": _l(
        "Mật khẩu quá dễ đoán. Hãy dùng ít nhất %(minimum)s ký tự, không trùng tên đăng nhập."
    ),
    "not_approved": _l("Bản tin chưa được duyệt nên chưa phát được. Hãy gửi duyệt trước."),
    "no_audio": _l("Bản tin chưa có âm thanh. Hãy đợi tạo giọng đọc xong rồi thử lại."),
    "rule_invalid": _l("Lịch chưa hợp lệ. Hãy kiểm tra ngày, giờ và thứ trong tuần."),
    "relay_unusable": _l("Không tiếp âm được luồng này. Hãy kiểm tra lại địa chỉ."),
    "slot_invalid": _l("Khung giờ chưa hợp lệ. Hãy kiểm tra thời lượng và những gì phát trong đó."),
    "nothing_to_play": _l("Chưa chọn bản tin nào. Hãy chọn ít nhất một bản tin."),
    "no_loudspeakers": _l(
        "Địa bàn này chưa có cụm loa nào hoạt động. Hãy thêm cụm loa hoặc chọn địa bàn khác."
    ),
    "expiry_invalid": _l("Thời hạn của thông báo không hợp lệ. Hãy chọn thời hạn khác."),
    # something we need is not there
    "unavailable": _l(
        "Hệ thống đang bận hoặc thiếu một dịch vụ. Chưa có gì bị mất; hãy thử lại sau ít phút."
    ),
    "broker_down": _l(
        "Mất liên lạc với máy chủ điều khiển loa. Lệnh đã được giữ lại; hãy báo người quản trị."
    ),
    "broker_missing": _l("Chưa có chương trình điều khiển loa (MQTT). Hãy báo người quản trị cài đặt."),
    "port_busy": _l(
        "Cổng %(port)s đang được chương trình khác dùng. Hãy dừng chương trình đó hoặc chọn cổng khác."
    ),
    "disk_full": _l("Ổ đĩa máy chủ đã đầy nên chưa lưu được. Hãy báo người quản trị giải phóng chỗ trống."),
    "enrolment_full": _l("Đang có quá nhiều loa chờ nhận. Hãy đợi ít phút rồi thử lại."),
    "uploads_full": _l(
        "Đang có nhiều bản thu lớn được gửi cùng lúc. Bản thu vẫn còn ở máy này; "
        "hãy đợi ít phút rồi bấm “Gửi lại”."
    ),
    "storage_failed": _l("Không đọc hoặc ghi được kho dữ liệu. Hãy báo người quản trị kiểm tra ổ đĩa."),
    "file_damaged": _l("Tệp âm thanh bị hỏng. Hãy tạo lại âm thanh của bản tin."),
    "key_damaged": _l("Tệp khoá của máy chủ bị hỏng. Hãy báo người quản trị khôi phục từ bản sao lưu."),
    "voice_unavailable": _l("Chưa tạo được giọng đọc. Hãy kiểm tra mạng, hoặc chọn giọng ngoại tuyến."),
    "speech_failed": _l("Tạo giọng đọc bị lỗi. Hãy thử lại; nếu vẫn lỗi, chọn giọng ngoại tuyến."),
    "database_busy": _l("Máy chủ đang bận. Chưa có gì được lưu; hãy bấm lại sau vài giây."),
    "database_unreachable": _l("Không kết nối được cơ sở dữ liệu. Hãy báo người quản trị."),
    "database_damaged": _l("Cơ sở dữ liệu bị hỏng. Hãy báo người quản trị khôi phục từ bản sao lưu."),
    "database_outdated": _l("Cơ sở dữ liệu chưa được nâng cấp. Hãy báo người quản trị chạy nâng cấp."),
}

TITLES = {
    400: _l("Yêu cầu không hợp lệ"),
    401: _l("Cần đăng nhập"),
    403: _l("Không có quyền"),
    404: _l("Không tìm thấy trang"),
    405: _l("Không mở được theo cách này"),
    409: _l("Đã có thay đổi khác"),
    413: _l("Tệp quá lớn"),
    422: _l("Chưa hợp lệ"),
    429: _l("Thử quá nhiều lần"),
    500: _l("Máy chủ gặp lỗi"),
    503: _l("Tạm thời chưa dùng được"),
}

ADVICE = {
    400: _l("Trang này đã mở quá lâu hoặc yêu cầu thiếu thông tin. Hãy tải lại trang rồi làm lại."),
    403: SENTENCES["forbidden"],
    404: _l("Đường dẫn này không có hoặc đã đổi. Hãy quay về trang Hôm nay."),
    405: _l("Hãy quay về trang Hôm nay rồi bấm lại."),
    409: SENTENCES["conflict"],
    413: _l("Tệp lớn hơn mức cho phép (2 MB văn bản, 6 MB bản thu). Hãy chọn tệp nhỏ hơn."),
    422: SENTENCES["invalid_input"],
    500: _l("Lỗi đã được ghi lại. Những gì đã lưu vẫn an toàn; hãy thử lại sau ít phút."),
    503: SENTENCES["unavailable"],
}
