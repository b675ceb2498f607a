"""From a contract to Great Expectations suites, and from their results to a verdict per rule.

Great Expectations judges tables and views. A plain rule is judged on `typed`. A rule that holds only for some rows
(`when`) and one that is a condition in SQL (`breaks`) each have a view of their own, which holds the condition:
a `row_condition` would be left out of the query for the failing rows, and a custom SQL expectation has no such query.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.contracts import Contract, Rule
from flows.errors import SaferCityError, UsageError

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

TYPED = "typed"

_RESULT_FORMAT = {
    "result_format": "SUMMARY",
    "unexpected_index_column_names": ["row_id"],
    "return_unexpected_index_query": True,
    "partial_unexpected_count": 0,  # no value of the data leaves the file
}


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations found for one rule. `query` gives the row_id of each failing row, as first column."""

    code: str
    checked: int
    failed: int
    query: str


def asset_name(rule: Rule) -> str:
    """The table or view that the rule is judged on."""
    return TYPED if rule.when is None and rule.breaks is None else f"{TYPED}__{rule.code.lower()}"


def view_of(rule: Rule) -> str | None:
    """SQL that makes the view of a rule which needs one.

    A row fails a `breaks` rule when the condition is met; a condition that is NULL is not met.
    """
    if asset_name(rule) == TYPED:
        return None
    columns = "*" if rule.breaks is None else f"row_id, coalesce(({rule.breaks}), false) as breaks"
    rows = "" if rule.when is None else f" where {rule.when}"
    return f"create or replace view {asset_name(rule)} as select {columns} from {TYPED}{rows}"


def suites(contract: Contract) -> dict[str, ExpectationSuite]:
    """The suite for each table or view, by its name; each rule is one expectation, with the rule's facts as `meta`.

    Raises UsageError for a rule that is no expectation, or has arguments which the expectation does not take.
    """
    from great_expectations import ExpectationSuite
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    expectations: dict[str, list[Any]] = defaultdict(list)
    for rule in contract.all_rules:
        expectation, kwargs = rule.expectation, rule.kwargs
        if expectation is None:
            expectation = "expect_column_values_to_be_in_set"
            kwargs = {"column": "breaks", "value_set": [False]}
        meta = {
            "code": rule.code,
            "severity": rule.severity,
            "dimension": rule.dimension,
            "owner": contract.rule_owner(rule),
            "message": rule.message,
        }
        try:
            configuration = ExpectationConfiguration(
                type=expectation, kwargs=kwargs, meta=meta, severity=FailureSeverity(rule.severity)
            )
            expectations[asset_name(rule)].append(configuration.to_domain_obj())
        except (GreatExpectationsError, ValueError, TypeError) as error:
            raise UsageError(
                f"{contract.source}: the rule {rule.code} is no expectation that Great Expectations knows "
                f"({type(error).__name__}); check its name and arguments in expectations/{contract.source}.yml"
            ) from None
    return {
        asset: ExpectationSuite(name=f"{contract.source} {asset}", expectations=members)
        for asset, members in expectations.items()
    }


def judge(contract: Contract, database: Path, options: Mapping[str, str | int]) -> list[Verdict]:
    """Let Great Expectations judge every rule in the scratch file, which it opens alone and read-only.

    Raises SaferCityError naming the rule when one could not be judged. Nothing is left open, and no other file written.
    """
    from great_expectations import get_context
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    from flows.stages.validate.gx_on_duckdb import connection_to

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    with _silence():
        context = get_context(mode="ephemeral", project_config=config)
        source = context.data_sources.add_sql(contract.source, **connection_to(database, options))
        try:
            return [
                verdict
                for asset, suite in suites(contract).items()
                for verdict in _verdicts(contract, source, asset, suite)
            ]
        finally:
            source.get_execution_engine().close()
            source.get_engine().dispose()


def _verdicts(contract: Contract, source: SQLDatasource, asset: str, suite: ExpectationSuite) -> list[Verdict]:
    """The verdicts on one table or view. A view whose condition fails on some row can't even be opened."""
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    try:
        batch = source.add_table_asset(asset, table_name=asset).add_batch_definition_whole_table(asset).get_batch()
        judged = batch.validate(suite, result_format=_RESULT_FORMAT)
    except TestConnectionError:
        codes = ", ".join(rule.code for rule in contract.all_rules if asset_name(rule) == asset)
        raise _not_judged(contract, codes) from None
    return [_verdict(contract, result) for result in judged.results]


def _verdict(contract: Contract, result: Any) -> Verdict:
    code = result.expectation_config.meta["code"]
    found = result.result
    if "unexpected_index_query" not in found or _raised(result.exception_info):
        raise _not_judged(contract, code)
    return Verdict(
        code=code,
        checked=found["element_count"],
        failed=found["unexpected_count"] or 0,  # None when there was nothing to check
        query=found["unexpected_index_query"],
    )


def _not_judged(contract: Contract, code: str) -> SaferCityError:
    """The error for a rule; the text of what it raised may quote values of the data, so none of it is passed on."""
    return SaferCityError(
        f"{contract.source}: Great Expectations could not judge the rule {code}; "
        f"check its arguments and conditions in expectations/{contract.source}.yml"
    )


def _raised(exception_info: dict[str, Any]) -> bool:
    """Whether an expectation, or one of the metrics it needs, raised an error."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(metric["raised_exception"] for metric in exception_info.values())


@contextmanager
def _silence() -> Iterator[None]:
    """Great Expectations logs the error of a query with the values that it quotes; we report it without them."""
    logger = logging.getLogger("great_expectations")
    propagate, nowhere = logger.propagate, logging.NullHandler()
    logger.propagate = False
    logger.addHandler(nowhere)
    try:
        yield
    finally:
        logger.propagate = propagate
        logger.removeHandler(nowhere)
