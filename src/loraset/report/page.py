"""The page: manifest rows and preview tiles -> one self-contained HTML file.

In: rows, tiles per row id, run.json's object. Out: bytes of report.html. Never: a network address, a file beside it.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template

import numpy as np

from loraset.images import encode_thumbnail
from loraset.manifest import Row
from loraset.metrics.grade import WORDS
from loraset.report.queue import NAMED, Queue, in_short, queue_of, why
from loraset.stages.coverage import in_words
from loraset.types import ByteImage, Json, Pixels

Tiles = Mapping[str, Pixels]
CONTRASTS = {"magenta": (255, 0, 255), "lime": (0, 255, 0), "cyan": (0, 255, 255), "orange": (255, 128, 0)}


def render_report(rows: Sequence[Row], tiles_of: Callable[[Row], Tiles], run: Json) -> bytes:
    """Return report.html. tiles_of gives a row's tiles (see `stages.preview`), asked for one row at a time."""
    counts, codes = run["verdicts"], run["reasons"]
    looked = sum(counts.values())
    unit = "file" if looked == 1 else "files"
    template = Template(files("loraset.report").joinpath("page.html").read_text("utf-8"))
    facts = [
        (name, counts[name], {"keep": "kept", "review": "to look at", "reject": "rejected"}[name]) for name in counts
    ]
    data = [row.to_json() for row in rows]
    queue = queue_of(data)
    places = {row["id"]: place for place, row in enumerate(queue.rows)}
    shown = sorted(enumerate(rows), key=lambda one: (places.get(one[1].id, len(rows)), one[0]))
    page = template.substitute(
        title=escape(f"{run['name']}: training set"),
        lead=escape(
            f"{looked} {unit} found, {run['seconds_total']:.1f} s. Engine: {run['engine']}."
            + "".join(f" Note: {note}." for note in run["notes"])
        ),
        queue=_queue(queue, data),
        facts="".join(
            f'<div class="fact {name}"><b>{count}</b><span>{words}</span></div>' for name, count, words in facts
        ),
        tables=_tables(run),
        coverage=_coverage(run.get("coverage")),
        reason_options="".join(f"<option>{escape(code)}</option>" for code in codes),
        cards="\n".join(_card(number, place, row, tiles_of(row)) for place, (number, row) in enumerate(shown)),
        footer=escape(f"loraset {run['versions']['loraset']}, {run['started']}. Recipe and versions: run.json."),
    )
    return page.encode("utf-8", "replace")


def _queue(queue: Queue, rows: Sequence[Json]) -> str:
    """Return what a person should look at, the first thing on the page."""
    said = queue.headline
    if not said and not any(row["verdict"] != "reject" for row in rows):
        said = "Nothing was kept: the reasons below say why." if rows else ""
    items = "".join(
        f'<li><a href="#{escape(row["id"])}">{escape(row["source"])}</a> {escape(why(row))}</li>'
        for row in queue.rows[:NAMED]
    )
    more = len(queue.rows) - NAMED
    items += f"<li>and {more} more below</li>" if more > 0 else ""
    advice = "".join(f"<p>{escape(text)}</p>" for text in queue.advice)
    return (f"<h2>{escape(said)}</h2>" if said else "") + (f"<ol>{items}</ol>" if items else "") + advice


def _tables(run: Json) -> str:
    def table(head: str, pairs: Sequence[tuple[str, str]]) -> str:
        lines = "".join(f'<tr><td>{escape(name)}</td><td class="n">{escape(value)}</td></tr>' for name, value in pairs)
        return f'<table><tr><th colspan="2"><b>{head}</b></th></tr>{lines}</table>' if pairs else ""

    models = [
        (f"{m['name']} ({m['licence']}, {'on ' + m['provider'] if m['provider'] else 'not run'})", m["sha256"][:12])
        for m in run["models"]
    ]
    return (
        table("Reasons", [(code, str(count)) for code, count in run["reasons"].items()])
        + table("Seconds of work", [(stage, f"{seconds:.2f}") for stage, seconds in run["seconds"].items()])
        + table("Models", models)
    )


def _coverage(coverage: Json | None) -> str:
    """Return what the set shows and what its author may do about it; nothing where no picture goes on."""
    if not coverage:
        return ""
    lines, advice = in_words(coverage)
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in lines)
    items = "".join(f"<li>{escape(text)}</li>" for text in advice)
    return f'<section class="coverage"><h2>What the set shows</h2><table>{rows}</table><ul>{items}</ul></section>'


def _card(number: int, place: int, row: Row, tiles: Tiles) -> str:
    """Return one picture's card. number : its place by file. place : its place in the order of the page."""
    reasons = " ".join(sorted({reason["code"] for reason in row.reasons}))
    score = "" if row.score is None else f"{row.score:.4f}"
    numbers = [f"score {row.score:.2f}"] if row.score is not None else []
    if row.width:
        numbers.append(f"{row.width} × {row.height} px")
    if row.engine:
        numbers.append(row.engine + (f" {row.model}" if row.model else ""))
    worth = (row.details or {}).get("score", {})
    pulled = worth.get("pulled_down")
    lines = "".join(
        f"<li>{escape(in_short(reason))} <code>{escape(reason['code'])}</code> "
        f"{escape(_detail(reason, bool(pulled)))}</li>"
        for reason in row.reasons
    )
    if pulled:
        words = "; ".join(f"{WORDS[name]} (−{worth['costs'][name]:.0%})" for name in pulled)
        lines += f"<li>score pulled down: {escape(words)}</li>"
    style, figures = _pictures(tiles, (row.details or {}).get("repair", {}))
    return (
        f'<section class="card {row.verdict}" id="{row.id}" data-order="{number}" data-queue="{place}"'
        f' data-verdict="{row.verdict}" data-score="{score}"'
        f' data-reasons="{reasons}" style="{style}"><h2><span class="verdict">{row.verdict}</span>'
        f'<span>{escape(row.source)}</span><span class="num">{escape(" · ".join(numbers))}</span></h2>'
        f'<div class="tiles">{figures}</div><ul class="why">{lines}</ul></section>'
    )


def _detail(reason: Json, pulled: bool) -> str:
    """Return a reason's detail; what a low score is made of stands in a line of its own."""
    detail: str = reason["detail"]
    return detail.partition(";")[0] if pulled and reason["code"] == "low_score" else detail


def _change(repair: Json) -> str:
    """Return what the set did to a mask."""
    if "pieces" not in repair:
        return "made anew: added blue, removed amber"
    return f"the set added {repair['added']:.0%} (blue), removed {repair['removed']:.0%} (amber)"


def _pictures(tiles: Tiles, repair: Json) -> tuple[str, str]:
    style, figures = [], []
    if "photo" in tiles:
        style.append(f"--photo:{_url(tiles['photo'])}")
        figures.append(_figure("photo", "photo"))
    if "cutout" in tiles:
        style.append(f"--cut:{_url(tiles['cutout'])}")
        figures += [_figure(f"on {name}", name) for name in ("gray", "white", "black", "checker")]
        edges = [tiles[name] for name in ("edge_0", "edge_1") if name in tiles]
        for edge, (name, colour) in zip(edges, contrasts(tiles["cutout"].astype(np.uint8, copy=False)), strict=False):
            paint = f"background-color:rgb{colour};background-image:{_url(edge)}".replace(" ", "")
            figures.append(_figure("edge", f"edge 1:1, on {name}", paint))
    if "mask_after" in tiles:
        for name, caption in (("mask_before", "the engine's mask"), ("mask_after", _change(repair))):
            figures.append(_figure("mask", caption, f"background-image:{_url(tiles[name])}"))
    return ";".join(style), "".join(figures)


def _figure(kind: str, caption: str, style: str = "") -> str:
    paint = f' style="{style}"' if style else ""
    tile = f'<div class="tile {kind}" role="img" aria-label="{caption}"{paint}></div>'
    return f"<figure>{tile}<figcaption>{caption}</figcaption></figure>"


def _url(pixels: Pixels) -> str:
    content = encode_thumbnail(pixels.astype(np.uint8, copy=False), max(pixels.shape[:2]), "webp")
    return f"url(data:image/webp;base64,{base64.b64encode(content).decode()})"


def contrasts(rgba: ByteImage) -> list[tuple[str, tuple[int, int, int]]]:
    """Return the names and colours of `CONTRASTS`, the farthest from the subject's mean colour first."""
    weight = rgba[..., 3:].astype(np.float64)
    mean = (rgba[..., :3] * weight).sum((0, 1)) / max(1.0, weight.sum())
    return sorted(CONTRASTS.items(), key=lambda item: -float(np.abs(mean - item[1]).sum()))
