"""What the warehouse must hold after a force's own incidents of anti-social behaviour were delivered.

See changes.py for what is read how. An incident always has a time: that of its creation where no other is known.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from tests.model import changes, crimes
from tests.model.changes import State
from tests.model.crime_measures import THEMES as CRIME_THEMES
from tests.model.keyed import Keyed
from tests.model.performance import Row

CATEGORIES = (
    "Inconsiderate Behaviour",
    "Begging/Vagrancy",
    "Drunken Behaviour",
    "Noise",
    "Rowdy Nuisance",
    "Street Drinking",
    "Urination",
    "Skateboarding/Cycling",
    "Drugs",
    "Other",
)
CATEGORY_MEASURES = {f"asb_{re.sub('[^a-z0-9]', '_', category.lower())}": category for category in CATEGORIES}
THEMES: dict[str, tuple[str, ...]] = {**dict.fromkeys(CRIME_THEMES, ()), "asb": ("asb", *CATEGORY_MEASURES)}


@dataclass(frozen=True)
class Incident(Keyed):
    """One accepted row of the source."""

    source = "asb_incidents"
    counted_by = "created_at"

    incident_number: str
    status: str
    created_at: datetime
    occurred_at: datetime | None
    category: str
    qualifier: str | None
    street: str | None
    ward: str | None
    premises: str | None
    licensed_premises: bool | None
    easting: int | None
    northing: int | None

    @property
    def is_counted(self) -> bool:
        return self.status != "cancelled"

    @property
    def measures(self) -> list[str]:
        """The measures that count the incident, by alphabet."""
        return sorted(measure for measure in THEMES["asb"] if self.is_in(measure))

    def is_in(self, measure: str) -> bool:
        return self.is_counted and (measure == "asb" or CATEGORY_MEASURES[measure] == self.category)

    @property
    def committed_from(self) -> datetime | None:
        return self.occurred_at or self.created_at

    @property
    def committed_to(self) -> datetime | None:
        return None

    @property
    def places(self) -> dict[str, str | None]:
        return {"ward": self.ward, "street": self.street, "premises": self.premises}


class Model(changes.Counted[Incident]):
    """The warehouse after these deliveries of incidents, in whatever order they came."""

    source = Incident.source
    measures = THEMES["asb"]
    themes = THEMES

    def asb_incident_versions(self) -> list[Row]:
        """One row per state of each incident, with the days it was known."""
        return [
            {**described(state), "known_from": state.known_from, "known_to": state.known_to} for state in self._states
        ]

    def asb_incidents(self) -> list[Row]:
        """One row per incident: its current state."""
        return [described(state) for state in self._states if state.known_to is None]


def described(state: State[Incident]) -> Row:
    """The incident as the state has it, and what it counts as."""
    incident = state.record
    return {
        "force": state.force,
        **incident.values(),
        "month": incident.month,
        "is_counted": incident.is_counted,
        "measures": incident.measures,
    }


class Linked:
    """What is linked to licensed premises, of the sources of crimes and of incidents together."""

    def __init__(self, crimes: crimes.Model, incidents: Model) -> None:
        self._crimes, self._incidents = crimes.known(), incidents.known()

    def licensing_linked(self) -> list[Row]:
        """One row per force and month of one of the sources; NULL where the other doesn't reach."""
        rows: list[Row] = []
        for force in sorted({*self._crimes.forces(), *self._incidents.forces()}):
            crimes = self._crimes.by_month(force) if force in self._crimes.forces() else {}
            incidents = self._incidents.by_month(force) if force in self._incidents.forces() else {}
            for month in sorted({*self._months(force)}):
                violent = [
                    crime
                    for crime in crimes.get(month, ())
                    if crime.premises_type == "licensed" and crime.is_in("violence")
                ]
                licensed = [
                    incident
                    for incident in incidents.get(month, ())
                    if incident.licensed_premises and incident.is_counted
                ]
                rows.append(
                    {
                        "force": force,
                        "month": month,
                        "violent_crimes": len(violent) if month in crimes else None,
                        "asb_incidents": len(licensed) if month in incidents else None,
                    }
                )
        return rows

    def _months(self, force: str) -> list[date]:
        return [month for known in (self._crimes, self._incidents) if force in known.forces() for month in known.months]
