"""drift: what it prints of a published release, and what it leaves out because the contract has taken it up."""

from typing import Any

import pytest

from flows.contracts import Contract, load_contracts
from flows.operate.drift import find
from tests.cli.conftest import Safercity
from tests.faults.sandbox import Sandbox
from tests.faults.street import CITY, SAMPLE, row, rows, street, text
from tests.model.police_uk import HEADER


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """One force with a new outcome in February and another one in March, and one whose March lacks the month."""
    sandbox = Sandbox(tmp_path_factory.mktemp("drifted"))
    without_month = [name if name != "Month" else "Months" for name in HEADER]
    sandbox.deliver(
        street("2019-02", [*rows("2019-02", 3), row("2019-02", 9, Last_outcome_category="Sent to Mars")])
        | street("2019-03", [*rows("2019-03", 3), row("2019-03", 9, Last_outcome_category="Sent to Venus")])
        | {"2019-03/2019-03-sample-constabulary-street.csv": text(rows("2019-03", 3, SAMPLE), without_month)}
    )
    sandbox.run()
    return sandbox


def test_for_people_and_for_scripts(safercity: Safercity, drifted: Sandbox) -> None:
    ended = safercity(drifted, "drift")
    assert ended.code == 0
    assert "2019-03-city-of-london-street.csv" in ended.lines[1]
    assert ended.lines.count("If that is right, in expectations/police_uk_street.yml:") == 2
    assert "  headers: [Month, Months]" in ended.lines
    shown = [(item["force"], item["kind"], item["column_name"], item["found"], item["is_new"])
             for item in safercity(drifted, "drift", "--json").json]  # fmt: skip
    assert shown == [
        (CITY, "new_value", "last_outcome", "Sent to Venus", True),
        (None, "renamed", "month", "Months", True),
    ]
    everything = safercity(drifted, "drift", "--all", "--json").json
    assert [item["found"] for item in everything] == ["Sent to Venus", "Months", "Sent to Mars"]
    assert safercity(drifted, "drift", "--source", "crimes").out == (
        "No drift: the newest deliveries are as the contracts say.\n"
    )


def test_what_the_contract_has_taken_up_is_no_longer_open(drifted: Sandbox) -> None:
    contract = load_contracts()["police_uk_street"].model_dump()
    changed: dict[str, Any] = {
        "columns": [
            column | {"headers": ["Month", "Months"]} if column["name"] == "month" else column
            for column in contract["columns"]
        ],
        "rules": [
            rule | {"kwargs": {"column": "last_outcome", "value_set": ["Sent to Venus"]}}
            if rule["code"] == "OUTCOME_UNKNOWN"
            else rule
            for rule in contract["rules"]
        ],
    }
    contracts = {"police_uk_street": Contract.model_validate(contract | changed)}
    assert find(drifted.paths, contracts) == []
    assert [item.found for item in find(drifted.paths, contracts, everything=True)] == [
        "Sent to Venus",
        "Months",
        "Sent to Mars",
    ]
