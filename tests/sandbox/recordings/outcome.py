"""What came of one recorded request or answer when the simulator was asked for the same."""

from dataclasses import dataclass

from tests.sandbox.recordings.comparison import Comparison, Difference


@dataclass(frozen=True)
class Outcome:
    """`recording` is the file below the folder of recordings, `request` what was sent to the simulator."""

    recording: str
    entity: str
    request: str
    comparison: Comparison

    @property
    def differences(self) -> list[Difference]:
        """Every way in which the answer is not the recorded one."""
        return self.comparison.differences
