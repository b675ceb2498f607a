"""What the fault tests deliver: two batches of files of every source, each kind of delivery with all its oddities."""

from tests.faults import crimes, street
from tests.faults.street import Files


def first_batch() -> Files:
    """A quarter of a year."""
    return street.first_batch() | crimes.first_extracts()


def second_batch() -> Files:
    """What came after it, and what was sent again."""
    return street.second_batch() | crimes.second_extracts()
