"""What is given, when, and on which way into the body."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InputError
from .amounts import dose_amount, quantity

INTRAVENOUS = "iv"


@dataclass(frozen=True)
class Dose:
    """One dose.

    **Arguments**

    - `amount`: nmol (may be traced), or text such as "8 mg/kg" that the drug which it is a dose of turns into nmol.
    - `at`: when it begins, s, or text such as "14 day"; before the start of a run is allowed.
    - `route`: "iv" goes to the plasma as it is; other routes ("sc", "im", "ip") need an `Absorption`.
    - `duration`: of an infusion, s, or text such as "1 h"; at once by default.

    **Raises** `InputError` for a negative amount or duration, and a duration of a dose that is absorbed.
    """

    amount: Any
    at: Any = 0.0
    route: str = INTRAVENOUS
    duration: Any = 0.0

    def __post_init__(self):
        object.__setattr__(self, "at", float(quantity(self.at, "time", "at of a Dose")))
        object.__setattr__(self, "duration", float(quantity(self.duration, "time", "duration of a Dose")))
        if not self.duration >= 0:
            raise InputError(f"duration of a Dose must not be negative; got {self.duration:g} s")
        if self.duration > 0 and self.route != INTRAVENOUS:
            raise InputError(f"a dose with route {self.route!r} is absorbed from where it was put and has no duration: leave it out, or take route 'iv'")
        if isinstance(self.amount, int | float) and not self.amount >= 0:
            raise InputError(f"amount of a Dose must not be negative (nmol); got {self.amount!r}")

    def repeated(self, every: float | str, count: int) -> list["Dose"]:
        """The dose `count` times, the first as it is, the next `every` so many seconds (or "28 day") later.

        **Raises** `InputError` for an interval or a number that is not above zero.
        """
        interval = float(quantity(every, "time", "every of a schedule"))
        if not interval > 0 or count < 1:
            raise InputError(f"a schedule needs an interval above zero and at least one dose; got every {every!r}, count {count!r}")
        return [replace(self, at=self.at + i * interval) for i in range(count)]

    def in_nmol(self, **body: Any) -> "Dose":
        """The dose with its amount in nmol; `body` as in `dose_amount`."""
        return replace(self, amount=dose_amount(self.amount, **body)) if isinstance(self.amount, str) else self


def check_routes(doses: list[Dose], absorption: Mapping[str, Any]) -> None:
    """Refuse a route from which it is not known how the drug is absorbed, and an amount still in text."""
    for dose in doses:
        if isinstance(dose.amount, str):
            raise InputError(f"a dose of {dose.amount!r} is not in nmol yet: take Drug.plasma(doses, body_weight=...), or dose.in_nmol(molecular_weight=...)")
        if dose.route != INTRAVENOUS and dose.route not in absorption:
            known = ", ".join(["iv", *absorption])
            raise InputError(
                f"a dose with route {dose.route!r} needs its absorption (rate and bioavailability), known are {known}: "
                f"give absorption={{{dose.route!r}: tf.Absorption(rate, bioavailability)}}"
            )
