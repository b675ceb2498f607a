"""The errors a person may see. Their text says what was wrong, where, and what to do; it never quotes a data value."""


class SaferCityError(Exception):
    """The run failed and the previous release stands (exit code 1)."""

    exit_code = 1


class StoppedReleaseError(SaferCityError):
    """A built release did not pass its audit; its text says why, and which figures it would have changed."""


class InterruptedRunError(SaferCityError):
    """A person or the system ended the run (exit code 130, or 143 for the system)."""

    def __init__(self, exit_code: int = 130) -> None:
        super().__init__("interrupted; nothing half done is kept. Run the command again to go on.")
        self.exit_code = exit_code


class UsageError(SaferCityError):
    """The command, a setting or a contract is wrong (exit code 2)."""

    exit_code = 2
