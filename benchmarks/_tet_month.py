"""A month around Tết in one commune: what is on the programme, what people change, what breaks."""

from __future__ import annotations

import datetime as dt
from functools import partial

from sqlalchemy.orm import Session

from benchmarks._leaping_commune import Commune, at, local
from broadcast.authoring import bulletins, validity
from broadcast.joining import placing, registry
from broadcast.joining.placing import Place
from broadcast.models import AreaKind, HolidayKind, Role, StartMode
from broadcast.orders import commanding, stopping
from broadcast.plans import turns
from broadcast.scheduling import decisions, occurrences, programme
from broadcast.scheduling.intents import Intent
from broadcast.speakers.fleet import Filter
from broadcast.units import areas, holiday_book, merging, people, policies
from devices.messages import Action, AlertStatus, BulletinClass
from devices.simulator import Fault
from devices.simulator.profile import Traits
from schedules.slots import FLOWING, Airings, Entry, Kind, Slot
from schedules.types import LAST, Frequency, NthWeekday, OnHolidays, Rule

VILLAGES = ("Đồi Chè", "Bến Mới", "Giếng Đá", "Gò Sim", "Khe Nước")
HUNG = {
    "loa-11": "Đồi Chè",
    "loa-12": "Đồi Chè",
    "loa-21": "Bến Mới",
    "loa-22": "Bến Mới",
    "loa-31": "Giếng Đá",
    "loa-32": "Giếng Đá",
    "loa-41": "Gò Sim",
    "loa-51": "Khe Nước",
}
TRAITS = {"loa-32": Traits(wrong_ms=900_000.0), "loa-41": Traits(drift_ppm=20.0)}
BEGAN = at("2027-01-24 12:00")
FIRST, LAST_DAY = dt.date(2027, 1, 25), dt.date(2027, 2, 24)
TEXTS = {
    "tin": "Ủy ban nhân dân xã Suối Mây thông báo lịch tiêm chủng mở rộng. Mời bà con đưa trẻ đến trạm y tế"
    " xã từ 7 giờ 30 sáng thứ Bảy, mang theo sổ tiêm chủng và cho trẻ ăn no.",
    "nong": "Tổ khuyến nông hướng dẫn bà con giữ ấm cho mạ và che chắn chuồng trại trong những ngày rét đậm.",
    "hop": "Mời đại diện các hộ đến nhà văn hóa thôn dự họp. Nội dung: sửa đường nội đồng.",
    "ram": "Hôm nay là ngày rằm, ngày mùng một. Đề nghị bà con không đốt vàng mã gần rừng.",
    "giao thua": "Giờ phút giao thừa đã đến. Đảng ủy, Hội đồng nhân dân, Ủy ban nhân dân xã kính chúc bà con"
    " một năm mới an khang thịnh vượng.",
    "quy": "Cuối tháng, mời bà con đóng quỹ vệ sinh môi trường tại nhà trưởng thôn.",
    "huyen": "Huyện thông báo: từ 17 giờ tạm cấm xe tải trên đường tỉnh để sửa cầu. Đề nghị bà con đi đường"
    " vòng qua thôn Gò Sim và chú ý biển báo.",
}

FIRE = (
    "Khẩn cấp. Cháy rừng tại thôn Gò Sim. Bà con thôn Gò Sim và thôn Khe Nước sơ tán ngay đến trường học."
    " Lực lượng dân quân tập trung tại ủy ban xã."
)
DRILL = "Diễn tập báo động lũ quét. Bà con nghe hướng dẫn của trưởng thôn."


class Month:
    """The programme of the month and everything that happens to it."""

    def __init__(self, commune: Commune) -> None:
        self.commune = commune
        self.bulletins: dict[str, int] = {}
        self.schedules: dict[str, int] = {}

    def prepare(self) -> None:
        """Everything that is on the programme before the month begins."""
        for name, text in TEXTS.items():
            if name == "huyen":
                self.bulletins[name] = self.commune.write(
                    "Sửa cầu", text, by="hoa", area="district", klass=BulletinClass.PRIORITY
                )
                self.commune.approve(self.bulletins[name], author="hoa", approver="dung")
            else:
                self.bulletins[name] = self.commune.write(f"Bản tin {name}", text)
                self.commune.approve(self.bulletins[name])
        self._schedule("sang", Frequency.DAILY, "05:30", "tin", "nong")
        self._schedule("chieu", Frequency.DAILY, "17:00", "tin")
        self._schedule(
            "ngay lam viec", Frequency.WEEKLY, "11:15", "nong",
            weekdays=frozenset(range(5)), on_holidays=OnHolidays.SKIP,
        )  # fmt: skip
        self._schedule("thu hai dau thang", Frequency.MONTHLY, "18:15", "hop",
                       nth_weekdays=(NthWeekday(1, 0),))  # fmt: skip
        self._schedule("cuoi thang", Frequency.MONTHLY, "18:30", "quy", month_days=(31,))
        self._schedule("ngay cuoi", Frequency.MONTHLY, "19:00", "quy", month_days=(LAST,))
        self._schedule("ram mung mot", Frequency.LUNAR_MONTHLY, "06:15", "ram", month_days=(1, 15))
        self._schedule(
            "giao thua", Frequency.LUNAR_YEARLY, "23:59:50", "giao thua",
            months=frozenset({12}), month_days=(LAST,),
        )  # fmt: skip
        self._schedule("ba ngay", Frequency.DAILY, "19:30", "nong", interval=3)
        self._schedule("nhung ngay", Frequency.DATES, "09:00", "hop",
                       dates=(dt.date(2027, 1, 28), dt.date(2027, 2, 11), dt.date(2027, 2, 18)))  # fmt: skip
        self._schedule("lam bu", Frequency.WORKDAYS, "07:15", "quy")
        self._schedule("thon", Frequency.WEEKLY, "18:45", "hop", area="Bến Mới", weekdays=frozenset({2, 5}))
        self._schedule("thon kia", Frequency.WEEKLY, "18:45", "ram", area="Đồi Chè", weekdays=frozenset({2}))
        self.schedules["huyen"] = self.commune.schedule(
            "Tin huyện",
            Rule(Frequency.DAILY, dt.date(2027, 2, 1), (dt.time(17, 0, 5),), until=dt.date(2027, 2, 3)),
            self.bulletins["huyen"],
            by="hoa",
            area="district",
        )
        self.schedules["huyen sau"] = self.commune.schedule(
            "Tin huyện lần sau",
            Rule(Frequency.DAILY, dt.date(2027, 2, 20), (dt.time(17, 0, 5),), until=dt.date(2027, 2, 21)),
            self.bulletins["huyen"],
            by="hoa",
            area="district",
        )
        self._fill()
        self.commune.hang(HUNG, TRAITS)
        self.commune.do(self._neighbour)

    def _neighbour(self, session: Session) -> None:
        """Another commune beside this one, which the leader looks after as well."""
        commune, now = self.commune, self.commune.now
        above = commune.areas["district"]
        more = {"kind": AreaKind.COMMUNE, "parent_id": above, "now": now}
        made = areas.create(session, code="H99.25", name="Xã Đèo Gió", **more)
        people.grant(session, commune.person(session, "binh"), Role.ADMIN, made.id, now=now)
        commune.areas["neighbour"] = made.id

    def _fill(self) -> None:
        """An evening slot that fills itself, with more in it for one village than for the others."""
        commune = self.commune
        self.bulletins["thon"] = commune.write(
            "Họp thôn", "Mời bà con thôn Bến Mới họp bàn việc nạo vét kênh mương.", area="Bến Mới"
        )
        commune.approve(self.bulletins["thon"])
        commune.as_(
            "lan",
            validity.save,
            self.bulletins["thon"],
            valid_from=at("2027-01-25 00:00"),
            valid_until=at("2027-02-08 00:00"),
            airings=Airings(times=9, days=5, gap=dt.timedelta(hours=12)),  # in five evenings
        )
        flow = Entry(Kind.FLOW, classes=frozenset(FLOWING), fixed=False)
        self.schedules["toi"] = commune.as_(
            "lan",
            programme.create_schedule,
            Intent(
                commune.areas["commune"],
                [self.bulletins["nong"], self.bulletins["quy"]],
                Rule(Frequency.DAILY, FIRST, (dt.time(20),)),
                slot=Slot(300_000, (flow,)),
            ),
            title="Khung tối",
        ).id

    def tell(self) -> None:
        """All that will happen, at its time."""
        self._people_change()
        self._units_change()
        self._urgent()
        self._things_break()

    def _people_change(self) -> None:
        do, wire = self.commune.as_, self.commune.wire
        at_ = self.commune.later
        sang, chieu = self.schedules["sang"], self.schedules["chieu"]
        moved = {"was": local("2027-01-27 17:00"), "to": local("2027-01-27 18:00"), "wire": wire}
        at_("2027-01-26 09:00", lambda: do("lan", occurrences.move, chieu, **moved))
        late = {"was": local("2027-02-14 17:00"), "to": local("2027-02-14 16:30"), "wire": wire}
        at_("2027-02-13 09:00", lambda: do("lan", occurrences.move, chieu, **late))
        skipped = {"at": local("2027-01-29 05:30"), "wire": wire}
        at_("2027-01-28 20:00", lambda: do("lan", occurrences.skip, sang, **skipped))
        back = {"at": local("2027-01-30 05:30"), "wire": wire}
        at_("2027-01-28 20:05", lambda: do("lan", occurrences.skip, sang, **back))
        at_("2027-01-29 08:00", lambda: do("lan", occurrences.bring_back, sang, **back))
        ba = self.schedules["ba ngay"]
        at_("2027-01-30 10:00", lambda: do("lan", _withdraw, ba, wire=wire))
        at_("2027-02-10 10:00", lambda: do("lan", _restore, ba))
        at_("2027-02-03 08:00", lambda: self._edit("tin"))
        at_("2027-02-04 16:00", lambda: self.commune.approve(self.bulletins["tin"]))
        ngay = self.schedules["ngay lam viec"]
        noon = Rule(Frequency.WEEKLY, FIRST, (dt.time(11, 45),), weekdays=frozenset(range(5)),
                    on_holidays=OnHolidays.SKIP)  # fmt: skip
        at_("2027-02-15 08:00", lambda: do("lan", programme.change_schedule, ngay, rule=noon, wire=wire))
        at_("2027-02-17 08:00", lambda: do("lan", bulletins.withdraw, self.bulletins["hop"], wire=wire))
        at_("2027-02-19 08:00", lambda: do("lan", bulletins.restore, self.bulletins["hop"]))
        day_off = {"kind": HolidayKind.OFF, "name": "Ngày hội làng"}
        commune = self.commune.areas["commune"]
        at_(
            "2027-02-20 08:00", lambda: do("binh", holiday_book.put, commune, dt.date(2027, 2, 23), **day_off)
        )
        at_("2027-02-04 09:00", lambda: self._window("05:00", "00:30"))
        at_("2027-02-06 09:00", lambda: self._window("05:00", "21:30"))
        at_("2027-02-21 21:15", self._too_long_for_the_evening)

    def _units_change(self) -> None:
        """Turns for three days, two villages that become one, an order that is decided, second thoughts."""
        commune, do, at_ = self.commune, self.commune.as_, self.commune.later
        village, start = commune.areas["Bến Mới"], "start_mode"
        for number, device in enumerate(("loa-21", "loa-22")):
            hung = Place(village, f"Loa {device}", 19.0 + number * 0.001, 105.0)
            at_("2027-02-10 08:00", partial(do, "binh", placing.move, commune.speakers[device], hung))
        staggered, at_once = {start: StartMode.STAGGERED}, {start: StartMode.SIMULTANEOUS}
        at_("2027-02-10 09:00", lambda: do("binh", turns.adopt, village))
        at_("2027-02-10 09:00", lambda: do("binh", policies.save, village, values=staggered))
        at_("2027-02-13 09:00", lambda: do("binh", policies.save, village, values=at_once))
        order = {"area_id": commune.areas["commune"], "first": self.schedules["chieu"]}
        at_(
            "2027-02-19 10:00",
            lambda: do("lan", decisions.decide, **order, second=self.schedules["huyen sau"]),
        )
        at_("2027-02-20 09:00", self._merge)
        left = {"loudspeaker_id": commune.speakers["loa-22"], "area_id": commune.areas["neighbour"]}
        at_("2027-02-23 10:00", lambda: do("binh", registry.move, **left))
        past, held = dt.date(2027, 2, 2), {"valid_from": None, "valid_until": at("2027-02-01 00:00")}
        day_off = {"kind": HolidayKind.OFF, "name": "Ngày giỗ"}
        at_(
            "2027-02-24 22:00",
            lambda: do("binh", holiday_book.put, commune.areas["commune"], past, **day_off),
        )
        at_(
            "2027-02-24 22:00",
            lambda: do("lan", validity.save, self.bulletins["giao thua"], **held, airings=None),
        )

    def _merge(self) -> None:
        """What is made for the new village is heard in both of the old ones."""
        commune = self.commune
        old = [commune.areas[village] for village in ("Gò Sim", "Khe Nước")]
        made = commune.as_("binh", merging.merge, old, code="H99.24.9", name="Thôn Sim Nước")
        commune.areas["Sim Nước"] = made.id
        rule = Rule(Frequency.ONCE, dt.date(2027, 2, 22), (dt.time(18, 50),))
        commune.schedule("Thôn mới", rule, self.bulletins["hop"], area="Sim Nước")

    def _urgent(self) -> None:
        do, wire = self.commune.as_, self.commune.wire
        at_ = self.commune.later
        at_("2027-02-09 17:00:08", lambda: self.commune.announce(
            FIRE, AlertStatus.ACTUAL))  # fmt: skip
        commune = self.commune.areas["commune"]
        at_("2027-02-09 17:00:16", lambda: do("lan", stopping.stop, wire=wire, area_id=commune))
        at_("2027-02-16 09:00", lambda: self.commune.announce(
            DRILL, AlertStatus.EXERCISE))  # fmt: skip
        village = Filter(area_id=self.commune.areas["Giếng Đá"])
        at_("2027-02-12 16:30", lambda: do(
            "lan", commanding.order, wire=wire, action=Action.SILENCE, chosen=village))  # fmt: skip
        at_("2027-02-12 20:00", lambda: do(
            "lan", commanding.order, wire=wire, action=Action.RELEASE, chosen=village))  # fmt: skip

    def _things_break(self) -> None:
        commune, at_ = self.commune, self.commune.later
        at_("2027-01-31 15:00", lambda: commune.break_(Fault.NO_POWER, "loa-21", "loa-22"))
        at_("2027-02-02 15:00", lambda: commune.mend(Fault.NO_POWER, "loa-21", "loa-22"))
        at_("2027-02-19 05:30:10", lambda: commune.break_(Fault.NO_POWER, "loa-51"))
        at_("2027-02-19 05:40", lambda: commune.mend(Fault.NO_POWER, "loa-51"))
        at_("2027-02-11 12:00", lambda: commune.break_(Fault.NO_NETWORK, "loa-41"))
        at_("2027-02-18 12:00", lambda: commune.mend(Fault.NO_NETWORK, "loa-41"))
        at_("2027-02-07 12:00", lambda: commune.break_(Fault.WRONG_CLOCK, "loa-32"))
        at_("2027-02-08 12:00", lambda: commune.mend(Fault.WRONG_CLOCK, "loa-32"))
        moved = {"loudspeaker_id": commune.speakers["loa-12"], "area_id": commune.areas["Bến Mới"]}
        at_("2027-02-09 10:00", lambda: commune.as_("binh", registry.move, **moved))
        retired = {"loudspeaker_id": commune.speakers["loa-31"], "wire": commune.wire}
        at_("2027-02-22 10:00", lambda: commune.as_("binh", registry.retire, **retired))

    def _too_long_for_the_evening(self) -> None:
        """Somebody puts something so late that it does not end before the hours do."""
        rule = Rule(Frequency.ONCE, dt.date(2027, 2, 21), (dt.time(21, 29, 50),))
        self.commune.schedule("Tin muộn", rule, self.bulletins["tin"])

    def _edit(self, name: str) -> None:
        self.commune.edit(self.bulletins[name], TEXTS[name] + " Lịch tiêm lùi lại một tuần.")

    def _window(self, start: str, end: str) -> None:
        commune = self.commune
        for key in ("district", "commune", *VILLAGES):
            commune.do(
                lambda session, key=key: areas.set_window(
                    session, commune.areas[key], start=start, end=end, now=commune.now
                )
            )

    def _schedule(
        self, name: str, frequency: Frequency, time: str, *played: str, area: str = "commune", **more: object
    ) -> None:
        rule = Rule(frequency, FIRST, (dt.time.fromisoformat(time),), **more)  # type: ignore[arg-type]
        chosen = [self.bulletins[each] for each in played]
        self.schedules[name] = self.commune.schedule(name.capitalize(), rule, *chosen, area=area)


def _withdraw(session, person, schedule_id, *, wire, now):  # type: ignore[no-untyped-def]
    return programme.withdraw_schedule(session, person, schedule_id, now, wire=wire)


def _restore(session, person, schedule_id, *, now):  # type: ignore[no-untyped-def]
    return programme.restore_schedule(session, person, schedule_id, now)
