"""The page: an analysis -> experiment.html, in one file.

In: an `Analysis`. Out: bytes of HTML with plots and pictures inside. Never: a network address, a script, a file beside
it.
"""

import base64
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

from loraset.experiment.analysis import Analysis
from loraset.experiment.effects import Comparison, run_value
from loraset.experiment.outcomes import BY_KEY
from loraset.experiment.plots import color_of, paired_plot, step_plot, strip_plot
from loraset.experiment.samples import Cell, planned_steps
from loraset.types import Json


def render_page(analysis: Analysis) -> bytes:
    """Return experiment.html."""
    protocol = analysis.protocol
    primary = protocol["primary"]
    first, second = primary["arms"]
    outcome = BY_KEY[primary["outcome"]]
    planned = len(protocol["arms"]) * len(protocol["seeds"]) * len(protocol["probes"])
    last = sum(cell.step == protocol["steps"] for cell in analysis.measured)
    template = Template(files("loraset.experiment").joinpath("page.html").read_text("utf-8"))
    page = template.substitute(
        title=escape(f"{protocol['set']['name']}: {first} against {second}"),
        lead=escape(
            f"{protocol['title']}, {protocol['model']}, {protocol['steps']} steps. {len(protocol['arms'])} arms, "
            f"{len(protocol['seeds'])} training seeds each, {last} of {planned} samples at the last step."
        ),
        state="broken" if analysis.broken else "found" if analysis.found else "",
        verdict="".join(f"<p>{escape(line)}</p>" for line in analysis.words),
        notes=_notes(analysis),
        primary=escape(f"{outcome.title}: {outcome.meaning}"),
        plots=_plots(analysis),
        table_words=escape(
            "The first row is the primary outcome; all others are exploratory, their p corrected for their number "
            "(Holm). Differences are first arm minus second; dots are training seeds, the bar is the 95 % interval of "
            "the mean, each row on its own scale."
        ),
        tables=_tables(analysis.comparisons),
        sample_words=escape(
            f"Step {protocol['steps']}: the same prompt and the same seed in every arm. Below each: the share of its "
            "border near a training fill."
        ),
        samples="".join(_samples(analysis, seed, number == 0) for number, seed in enumerate(protocol["seeds"])),
        protocol=escape("\n\n".join(protocol["words"])),
        footer=escape(
            f"loraset {protocol['loraset']}. Protocol {protocol['hash']}. Every number: samples.csv, outcomes.csv."
        ),
    )
    return page.encode("utf-8", "replace")


def _notes(analysis: Analysis) -> str:
    broken = "".join(f'<li class="bad">{escape(line)}</li>' for line in analysis.broken)
    notes = "".join(f"<li>{escape(line)}</li>" for line in analysis.notes)
    if not broken and not notes:
        return ""
    return f"<section><h2>Not as planned</h2><ul>{broken}{notes}</ul></section>"


def _plots(analysis: Analysis) -> str:
    primary, protocol = analysis.primary, analysis.protocol
    if not primary.pairs:
        return "<p>There is no pair of samples to show.</p>"
    names = primary.first, primary.second
    colors = {arm["name"]: color_of(place) for place, arm in enumerate(protocol["arms"])}
    both = colors[primary.first], colors[primary.second]
    shown = paired_plot(primary.pairs, primary.effect, names, both, "mean over prompts, a line for each seed")
    curves = {}
    for arm in protocol["arms"]:
        seeds = []
        for seed in protocol["seeds"]:
            points = [
                (float(step), value)
                for step in (0, *planned_steps(protocol))
                if (value := run_value(analysis.measured, protocol, primary.outcome, arm["name"], seed, step))
                is not None
            ]
            if points:
                seeds.append(points)
        if seeds:
            curves[arm["name"]] = seeds
    if len({point[0] for seeds in curves.values() for points in seeds for point in points}) < 2:
        return shown
    return shown + step_plot(curves, colors, "by training step")


def _tables(comparisons: Sequence[Comparison]) -> str:
    """Return a table for each pair of arms, the primary one open."""
    pairs = list(dict.fromkeys((each.first, each.second) for each in comparisons))
    return "".join(
        f"<details{'' if number else ' open'}><summary>{escape(first)} minus {escape(second)}</summary>"
        f'<div class="scroll">{_table([each for each in comparisons if (each.first, each.second) == (first, second)])}'
        "</div></details>"
        for number, (first, second) in enumerate(pairs)
    )


def _table(comparisons: Sequence[Comparison]) -> str:
    head = "".join(
        f'<th class="{kind}">{words}</th>'
        for kind, words in (
            ("", "outcome"),
            ("n", escape(comparisons[0].first)),
            ("n", escape(comparisons[0].second)),
            ("n", "difference"),
            ("", "by seed"),
            ("n", "p"),
            ("n", "p, Holm"),
            ("", "meaning"),
        )
    )
    return f"<table><tr>{head}</tr>{''.join(_row(each) for each in comparisons)}</table>"


def _row(each: Comparison) -> str:
    pairs, effect = each.pairs, each.effect
    gaps = [pair.first - pair.second for pair in pairs]
    means = [sum(side) / len(pairs) for side in ([p.first for p in pairs], [p.second for p in pairs])] if pairs else []
    numbers = [_number(value) for value in means] or ["-", "-"]
    if effect is None:
        difference = "-"
    else:
        interval = f" [{effect.low:+.3f}, {effect.high:+.3f}]" if effect.low is not None else ""
        difference = f"{effect.mean:+.3f}{interval}"
    cells = [
        ("", escape(each.outcome.title)),
        *(("n", value) for value in numbers),
        ("n", difference),
        ("", strip_plot(gaps, effect) if gaps else ""),
        ("n", _chance(effect.p if effect else None)),
        ("n", "primary" if each.primary else _chance(each.corrected)),
        ("m", escape(f"{each.outcome.meaning}; {each.outcome.better} is better")),
    ]
    kind = ' class="primary"' if each.primary else ""
    return f"<tr{kind}>" + "".join(f'<td class="{style}">{value}</td>' for style, value in cells) + "</tr>"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _chance(p: float | None) -> str:
    return "&lt; 0.001" if p is not None and p < 0.0005 else _number(p)


def _samples(analysis: Analysis, seed: int, is_open: bool) -> str:
    """Return the pictures of one training seed: a row for each prompt, a column for each arm."""
    protocol = analysis.protocol
    arms = [arm["name"] for arm in protocol["arms"]]
    rows = []
    for prompt, probe in enumerate(protocol["probes"]):
        tiles = "".join(f"<td>{_tile(analysis, Cell(arm, seed, protocol['steps'], prompt))}</td>" for arm in arms)
        words = f"<b>{prompt}</b> {escape(probe['text'])}<br><span>{_asked(probe)}</span>"
        rows.append(f"<tr><td>{words}</td>{tiles}</tr>")
    head = "<tr><th>prompt</th>" + "".join(f"<th>{escape(arm)}</th>" for arm in arms) + "</tr>"
    return (
        f"<details{' open' if is_open else ''}><summary>Training seed {seed}</summary>"
        f'<div class="scroll"><table class="pictures">{head}{"".join(rows)}</table></div></details>'
    )


def _asked(probe: Json) -> str:
    return f"{probe['kind']}, seed {probe['seed']}" if "seed" in probe else str(probe["kind"])


def _tile(analysis: Analysis, cell: Cell) -> str:
    content, sample = analysis.tiles.get(cell), analysis.measured.get(cell)
    if content is None or sample is None:
        return '<div class="none">no sample</div>'
    share = sample.values["fill_share"]
    words = "" if share is None else f"<span>{share:.0%}</span>"
    source = f"data:image/webp;base64,{base64.b64encode(content).decode()}"
    return f'<img loading="lazy" alt="{escape(cell.arm)}, prompt {cell.prompt}" src="{source}">{words}'
