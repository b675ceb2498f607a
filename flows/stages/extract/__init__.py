"""First stage: from the landing folder to a scratch DuckDB file that holds the text of the rows.

`find` says which deliveries have arrived, `extract` reads those of one source. Nothing in the landing folder is
changed, and nothing of a personal column goes further than this stage.
"""

from flows.stages.extract.arrival import Arrival, LandingFile, Problem
from flows.stages.extract.content import file_hash
from flows.stages.extract.find import Landing, find
from flows.stages.extract.read import Extracted, extract, require_hmac_key

__all__ = [
    "Arrival",
    "Extracted",
    "Landing",
    "LandingFile",
    "Problem",
    "extract",
    "file_hash",
    "find",
    "require_hmac_key",
]
