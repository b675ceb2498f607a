"""`safercity check`: are the contracts, the settings and the channels sound?"""

from __future__ import annotations

from dataclasses import dataclass

from flows.contracts import Contract, load_contracts
from flows.errors import SaferCityError
from flows.observations import OPERATOR
from flows.operate import generate
from flows.outbox import channels, is_readable
from flows.settings import PROJECT_DIR, Settings

GOOD_KEY_CHARACTERS = 32


@dataclass(frozen=True)
class Finding:
    """One thing looked at, whether it is sound, and what to know or do."""

    subject: str
    sound: bool
    remark: str


def check(settings: Settings) -> list[Finding]:
    """Look at everything that a run depends on but the data. Sends nothing and changes nothing."""
    findings = [Finding("settings", True, f"data in {settings.data}, landing in {settings.landing_dir}")]
    findings.append(_landing(settings))
    owners = None
    try:
        contracts = load_contracts()
        owners = _owners(contracts)
        for name, contract in contracts.items():
            findings.append(
                Finding(f"contract {name}", True, f"{len(contract.columns)} columns, {len(contract.all_rules)} rules")
            )
        findings += _hmac_key(settings, contracts)
        stale = [str(path.relative_to(PROJECT_DIR)) for path in generate.out_of_date(contracts)]
        findings.append(
            Finding(
                "generated files",
                False,
                f"not what the contracts say: {', '.join(stale)}; run: safercity check --write",
            )
            if stale
            else Finding("generated files", True, "say what the contracts say")
        )
    except SaferCityError as error:
        findings.append(Finding("contracts", False, str(error)))
    findings += _channels(settings, owners)
    return findings


def _landing(settings: Settings) -> Finding:
    if settings.landing_url:
        from flows.operate.mirror import shown

        return Finding("landing", True, f"is copied from {shown(settings.landing_url.get_secret_value())} by each run")
    if settings.landing_dir.is_dir():
        return Finding("landing", True, "exists")
    return Finding("landing", False, f"{settings.landing_dir} is no folder; make it, or set SAFERCITY_LANDING")


def _hmac_key(settings: Settings, contracts: dict[str, Contract]) -> list[Finding]:
    sources = ", ".join(name for name, contract in contracts.items() if contract.needs_hmac_key)
    if not sources:
        return []
    if settings.hmac_key is None:
        return [Finding("key for people", True, f"is not set: {sources} can't be read before SAFERCITY_HMAC_KEY is")]
    if len(settings.hmac_key.get_secret_value()) < GOOD_KEY_CHARACTERS:
        return [
            Finding(
                "key for people",
                False,
                f"SAFERCITY_HMAC_KEY has less than {GOOD_KEY_CHARACTERS} characters and can be guessed",
            )
        ]
    return [Finding("key for people", True, f"is set, for {sources}")]


def _channels(settings: Settings, owners: set[str] | None) -> list[Finding]:
    found = channels(settings.alerts)
    if not found:
        return [Finding("alerts", True, "no channel is set: digests go to the ledger only (SAFERCITY_ALERTS__URLS)")]
    findings = [
        Finding(
            f"channel {channel.scheme}",
            True,
            f"its URL can be read; nothing was sent; it is for {channel.recipient}",
        )
        if is_readable(channel.url)
        else Finding(
            f"channel {channel.scheme}",
            False,
            f"its URL cannot be read; see Apprise's list of URLs; it is for {channel.recipient}",
        )
        for channel in found
    ]
    return findings + [
        Finding(f"owner {name}", False, f"owns nothing; those who do: {', '.join(sorted(owners))}")
        for name in settings.alerts.owners
        if owners is not None and name not in owners
    ]


def _owners(contracts: dict[str, Contract]) -> set[str]:
    """Everybody who acts on something."""
    of_rules = {contract.rule_owner(rule) for contract in contracts.values() for rule in contract.all_rules}
    return {OPERATOR} | {contract.owner for contract in contracts.values()} | of_rules
