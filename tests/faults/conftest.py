"""What the fault tests share with those of the marts."""

from tests.marts.conftest import project

__all__ = ["project"]
