"""What dbt tells while it runs, without what it says only to somebody who debugs dbt itself.

dbt makes some thirty such events for each node, and words, scrubs and stamps each of them before it looks whether
anybody wants them. Nobody does here, and it is a fifth of dbt's own time.
"""

from __future__ import annotations

from typing import Any

from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager


class TerseEventManager(EventManager):
    """Passes on what is more than debugging."""

    def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *args: Any, **kwargs: Any) -> None:
        if (level or e.level_tag()) not in (EventLevel.DEBUG, EventLevel.TEST):
            super().fire_event(e, level, *args, **kwargs)
