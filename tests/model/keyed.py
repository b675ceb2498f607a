"""Records as dataclasses: the columns of a source that are loaded, in the order of its contract, the key first."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar


@dataclass(frozen=True)
class Keyed:
    """One accepted row of a source after typing."""

    source: ClassVar[str]
    counted_by: ClassVar[str]
    """The column, a date or a time, by which a record is counted in a month."""

    @property
    def key(self) -> str:
        return getattr(self, self.columns()[0])

    @property
    def month(self) -> date:
        moment: date = getattr(self, self.counted_by)
        return date(moment.year, moment.month, 1)

    @classmethod
    def columns(cls) -> list[str]:
        return [column.name for column in fields(cls)]

    def values(self) -> dict[str, Any]:
        return {column: getattr(self, column) for column in self.columns()}
