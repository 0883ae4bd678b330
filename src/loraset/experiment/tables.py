"""Tables: every number of an analysis as CSV.

In: measured samples, comparisons. Out: the bytes of samples.csv and outcomes.csv. Never: a number rounded away: six
digits are kept.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from loraset.experiment.effects import Comparison
from loraset.experiment.measures import Measured
from loraset.experiment.samples import Cell
from loraset.types import Json


def sample_table(measured: Mapping[Cell, Measured], protocol: Json, paths: Mapping[Cell, Path], folder: Path) -> bytes:
    """Return one row for each sample that was measured."""
    names = list(next(iter(measured.values())).values) if measured else []
    head = ["arm", "training_seed", "step", "prompt", "kind", "sample_seed", *names, "file"]
    rows = []
    for cell, sample in sorted(measured.items()):
        probe = protocol["probes"][cell.prompt]
        file = paths[cell].relative_to(folder).as_posix()
        rows.append([*cell, probe["kind"], probe.get("seed"), *(sample.values[name] for name in names), file])
    return _csv(head, rows)


def outcome_table(comparisons: Sequence[Comparison]) -> bytes:
    """Return one row for each outcome and pair of arms; differences are first minus second."""
    head = ["primary", "outcome", "prompts", "first", "second", "seeds", "first_mean", "second_mean", "difference"]
    head += ["low", "high", "t", "df", "p", "p_holm", "size", "size_low", "size_high", "no_test_because"]
    rows = []
    for each in comparisons:
        pairs, effect = each.pairs, each.effect
        means = [sum(values) / len(pairs) for values in zip(*((p.first, p.second) for p in pairs), strict=True)]
        row: list[Any] = [
            int(each.primary),
            each.outcome.measure,
            "+".join(each.outcome.kinds),
            each.first,
            each.second,
        ]
        row += [len(pairs), *(means or [None, None])]
        if effect is not None:
            tested = effect.seeds - 1 if effect.p is not None else None
            row += [effect.mean, effect.low, effect.high, effect.t, tested, effect.p, each.corrected]
            row += [effect.size, effect.size_low, effect.size_high, effect.why]
        rows.append(row + [None] * (len(head) - len(row)))
    return _csv(head, rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(["" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row])
    return text.getvalue().encode("utf-8", "replace")
