"""An analysis: all that an experiment's samples say, as the terminal, the page and the tables show it.

In: nothing. Out: one value. Never: a decision but the protocol's own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from loraset.experiment.effects import Comparison
from loraset.experiment.measures import Measured
from loraset.experiment.samples import Cell
from loraset.experiment.words import conclude, is_found
from loraset.types import Json


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What an experiment says.

    broken : what is not as the protocol froze it. notes : what is missing, doubled or unreadable. comparisons : the
    primary one first. tiles : the last step's samples as small WebP files. failed : samples that could not be read.
    """

    folder: Path
    protocol: Json
    broken: tuple[str, ...]
    notes: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    measured: Mapping[Cell, Measured]
    tiles: Mapping[Cell, bytes]
    failed: int

    @property
    def primary(self) -> Comparison:
        """The comparison that a finding may rest on."""
        return self.comparisons[0]

    @property
    def found(self) -> bool:
        """Whether there is a finding."""
        return is_found(self.protocol, self.primary.effect, self.broken)

    @property
    def words(self) -> list[str]:
        """What may be concluded."""
        return conclude(self.protocol, self.primary.effect, self.broken)

    @property
    def exit_code(self) -> int:
        """1 where something is wrong with the protocol or a sample, or there is no pair."""
        return int(bool(self.broken or self.failed or self.primary.effect is None))

    def to_json(self) -> Json:
        """Return what other programs read."""
        primary, effect = self.primary, self.primary.effect
        return {
            "hash": self.protocol["hash"],
            "found": self.found,
            "words": self.words,
            "broken": list(self.broken),
            "notes": list(self.notes),
            "primary": {
                "outcome": primary.outcome.key,
                "arms": [primary.first, primary.second],
                "pairs": [asdict(pair) for pair in primary.pairs],
                "effect": asdict(effect) if effect else None,
            },
            "samples": len(self.measured),
        }
