"""The errors a person may see. Their text says what was wrong, where, and what to do; it never quotes a data value."""


class SaferCityError(Exception):
    """The run failed and the previous release stands (exit code 1)."""

    exit_code = 1


class UsageError(SaferCityError):
    """The command, a setting or a contract is wrong (exit code 2)."""

    exit_code = 2
