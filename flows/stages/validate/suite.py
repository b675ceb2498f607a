"""From a contract to Great Expectations suites, and from their results to a verdict per rule.

Great Expectations judges tables and views. A plain rule is judged on `typed`. Rules that are conditions in SQL
(`breaks`) are columns of one table, so that they are worked out once and all of them together; one that looks at other
rows, for which it matters which these are, has a table of its own. An expectation that holds only for some rows
(`when`) has a view with those rows. A `row_condition` would be left out of the query for the failing rows, and a custom
SQL expectation has no such query.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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

CONDITIONS = "typed__conditions"
"""The table of the conditions: a row for each of `typed`, a column for each rule, NULL where the rule is not asked."""

_LOOKS_AT_OTHER_ROWS = re.compile(r"\bover\s*\(", re.IGNORECASE)

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
    failed: int
    query: str


def asset_name(rule: Rule) -> str:
    """The table or view that the rule is judged on."""
    if rule.breaks is not None and not _LOOKS_AT_OTHER_ROWS.search(f"{rule.breaks} {rule.when}"):
        return CONDITIONS
    return TYPED if rule.when is None and rule.breaks is None else f"{TYPED}__{rule.code.lower()}"


def column_name(rule: Rule) -> str:
    """The column of its table that says whether a row breaks the rule, which is a condition."""
    return rule.code.lower() if asset_name(rule) == CONDITIONS else "breaks"


def views(rules: Sequence[Rule]) -> dict[str, str]:
    """By name the queries of the views that hold the rows which these rules are asked of."""
    return {
        asset_name(rule): f"select * from {TYPED} where {rule.when}"
        for rule in rules
        if rule.when is not None and rule.breaks is None
    }


def conditions(rules: Sequence[Rule]) -> dict[str, str]:
    """By name the queries of the tables that say which rows break these rules.

    A row fails a `breaks` rule when the condition is met; a condition that is NULL is not met.
    """
    made, columns = {}, []
    for rule in rules:
        if rule.breaks is None:
            continue
        condition = f"coalesce(({rule.breaks}), false)"
        if asset_name(rule) == CONDITIONS:
            asked = condition if rule.when is None else f"case when {rule.when} then {condition} end"
            columns.append(f"{asked} as {column_name(rule)}")
        else:
            rows = "" if rule.when is None else f" where {rule.when}"
            made[asset_name(rule)] = f"select row_id, {condition} as {column_name(rule)} from {TYPED}{rows}"
    if columns:
        made[CONDITIONS] = f"select row_id, {', '.join(columns)} from {TYPED}"
    return made


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
            kwargs = {"column": column_name(rule), "value_set": [False]}
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
    with _silence(), _configured_once():
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
        results = batch.validate(suite, result_format=_RESULT_FORMAT).results
    except TestConnectionError:
        results = []
    unsound = [_code(result.expectation_config) for result in results if not _is_judged(result)]
    if unsound or not results:
        raise not_judged(contract, unsound or [_code(expectation) for expectation in suite.expectations])
    return [_verdict(result) for result in results]


def _verdict(result: Any) -> Verdict:
    found = result.result
    return Verdict(
        code=_code(result.expectation_config),
        failed=found["unexpected_count"] or 0,  # None when there was nothing to check
        query=found["unexpected_index_query"],
    )


def _is_judged(result: Any) -> bool:
    return "unexpected_index_query" in result.result and not _raised(result.exception_info)


def _code(expectation: Any) -> str:
    return expectation.meta["code"]


def not_judged(contract: Contract, codes: Sequence[str]) -> SaferCityError:
    """The error for a rule; the text of what it raised may quote values of the data, so none of it is passed on."""
    return SaferCityError(
        f"{contract.source}: the rule {', '.join(codes)} could not be judged; "
        f"check its arguments and conditions in expectations/{contract.source}.yml"
    )


def _raised(exception_info: dict[str, Any]) -> bool:
    """Whether an expectation, or one of the metrics it needs, raised an error."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(metric["raised_exception"] for metric in exception_info.values())


@contextmanager
def _configured_once() -> Iterator[None]:
    """Great Expectations makes the configuration of an expectation anew whenever it looks at one of its arguments, some
    60 times a rule. Here it is made once; nothing changes an expectation meanwhile."""
    from great_expectations.expectations.expectation import Expectation

    as_it_is: Any = Expectation.configuration
    made: dict[int, tuple[Expectation, Any]] = {}  # with the expectation, so that no other gets its id

    def configuration(expectation: Expectation) -> Any:
        if id(expectation) not in made:
            made[id(expectation)] = expectation, as_it_is.fget(expectation)
        return made[id(expectation)][1]

    Expectation.configuration = property(configuration)  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        Expectation.configuration = as_it_is  # pyright: ignore[reportAttributeAccessIssue]


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
