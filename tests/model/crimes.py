"""What the warehouse must hold after a force's own crimes were delivered. See changes.py for what is read how."""

from dataclasses import dataclass, field
from datetime import date

from tests.model import changes, crime_profiles
from tests.model.changes import State, counted, without_measure
from tests.model.crime_measures import MEASURES, THEMES, Crime
from tests.model.performance import Row


@dataclass(frozen=True)
class Delivery(changes.Delivery[Crime]):
    """One file of the source."""

    source: str = field(default="crimes", kw_only=True)


class Model(changes.Counted[Crime]):
    """The warehouse after these deliveries of crimes, in whatever order they came."""

    source = "crimes"
    measures = tuple(MEASURES)
    themes = THEMES

    def crime_versions(self) -> list[Row]:
        """One row per state of each record, with the days it was known."""
        return [
            {**described(state), "known_from": state.known_from, "known_to": state.known_to} for state in self._states
        ]

    def crimes(self) -> list[Row]:
        """One row per record: its current state."""
        return [described(state) for state in self._states if state.known_to is None]

    def violence_profile(self, as_of: date | None = None) -> list[Row]:
        """One row per force and window of six complete months."""
        known = self.known(as_of)
        rows: list[Row] = []
        for force in known.forces():
            complete = [month for month, coverage in known.coverage(force).items() if coverage == "complete"]
            profile = crime_profiles.violence_profile(counted(known.by_month(force), "assault_profile"), complete)
            rows += [{"force": force, **row} for row in profile]
        return rows

    def acquisitive_methods(self) -> list[Row]:
        """One row per force, month and method with a crime."""
        return without_measure(self._detail(["acquisitive_crime"], crime_profiles.acquisitive_methods))

    def acquisitive_operations(self) -> list[Row]:
        """One row per force, month and operation with a crime."""
        return without_measure(self._detail(["acquisitive_crime"], crime_profiles.acquisitive_operations))

    def recording_timeliness(self) -> list[Row]:
        """One row per force and month with a crime of which the report is known."""
        return without_measure(self._detail(["all_crime"], crime_profiles.recording_timeliness))


def described(state: State[Crime]) -> Row:
    """The record as the state has it, and what it counts as."""
    crime = state.record
    return {
        "force": state.force,
        **crime._asdict(),
        "month": crime.month,
        "is_counted": crime.is_counted,
        "theme": crime.offence_class.theme,
        "offence_group": crime.offence_class.group,
        "offence_subgroup": crime.offence_class.subgroup,
        "measures": crime.measures,
    }
