"""The page is one file, says what is in the rows, and takes nothing in them for markup."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from loraset.manifest import Row
from loraset.report.page import CONTRASTS, contrasts, render_report
from loraset.stages.preview import change_tiles

RUN = {
    "name": "a <b>set</b>",
    "verdicts": {"keep": 1, "review": 0, "reject": 1},
    "reasons": {"unreadable": 1},
    "seconds_total": 1.25,
    "seconds": {"mask": 1.0},
    "engine": "auto",
    "models": [{"name": "u2netp", "licence": "Apache-2.0", "provider": None, "sha256": "0" * 64}],
    "versions": {"loraset": "0"},
    "notes": [],
    "started": "2026-01-01",
}
NAME = "${HOME}&amp;<img src=x>\"'.jpg"


class Page(HTMLParser):
    """Tags, and every address that the page would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cards: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.addresses = re.findall(r"url\(([^)]*)\)", text)
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href") and not str(value).startswith("#")]
        if "card" in str(dict(attrs).get("class")).split():
            self.cards.append(dict(attrs))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def page() -> Page:
    rgba = np.zeros((200, 400, 4), np.uint8)
    rgba[50:150, 100:300] = (200, 30, 30, 255)
    edge = rgba[:160, :160]
    tiles = {"photo": rgba[..., :3], "cutout": rgba, "edge_0": edge, "edge_1": edge}
    broken = [{"code": "unreadable", "stage": "ingest", "detail": "cut short at <end>"}]
    rows = [
        Row("a", 0, NAME, verdict="keep", score=0.91, width=400, height=200, engine="key"),
        Row("b", 0, "b.jpg", verdict="reject", reasons=broken),
    ]
    text = render_report(rows, lambda row: tiles if row.id == "a" else {}, RUN).decode()
    return Page(text)


def test_names_and_reasons_are_text_and_nothing_is_loaded(page):
    said = " ".join(page.words)
    assert [word for word in (NAME, "cut short at <end>", "a <b>set</b>: training set") if word not in said] == []
    assert not {"img", "link", "b>set"} & set(page.tags)
    assert page.addresses
    assert all(address.startswith("data:image/") for address in page.addresses)


def test_cards_carry_what_is_filtered_and_sorted_by(page):
    seen = [(card["data-verdict"], card["data-score"], card["data-reasons"]) for card in page.cards]
    assert seen == [("keep", "0.9100", ""), ("reject", "", "unreadable")]


def test_a_picture_is_shown_on_four_grounds_and_its_edge_on_two_more(page):
    captions = ["photo", "gray", "white", "black", "checker", "edge 1:1, on cyan", "edge 1:1, on lime"]
    assert [word for word in page.words if word in captions or word.startswith("edge 1:1")] == captions


def test_a_model_whose_masks_were_all_stored_did_not_run(page):
    assert "u2netp (Apache-2.0, not run)" in page.words


def test_the_first_contrast_is_far_from_the_subject():
    for name, colour in CONTRASTS.items():
        subject = np.full((4, 4, 4), 255, np.uint8)
        subject[..., :3] = colour
        assert contrasts(subject)[-1][0] == name


def test_a_corrected_mask_is_shown_before_and_after_with_what_was_done_to_it():
    tile = np.zeros((40, 40, 3), np.uint8)
    repair = {"added": 0.124, "removed": 0.0, "pieces": [{}]}
    row = Row("a", 0, "a.jpg", verdict="review", details={"repair": repair})
    tiles = {"photo": tile, "mask_before": tile, "mask_after": tile}
    page = Page(render_report([row], lambda _: tiles, RUN).decode())
    assert [word for word in page.words if word.startswith(("the engine's", "the set"))] == [
        "the engine's mask",
        "the set added 12% (blue), removed 0% (amber)",
    ]


def test_the_tiles_of_a_change_colour_only_what_changed():
    photo = np.full((40, 40, 3), 100, np.uint8)
    before, after = np.zeros((2, 20, 20), np.float32)
    before[:, :10] = after[:10] = 1
    tiles = change_tiles(photo, before, after)
    assert (tiles["mask_before"][5, 5] == 100).all()
    assert (tiles["mask_before"][5, 35] == 30).all()
    assert (tiles["mask_after"][5, 5] == 100).all()  # subject before and after
    assert tiles["mask_after"][5, 35].argmax() == 2  # added: blue
    assert tiles["mask_after"][35, 5].argmin() == 2  # removed: amber
    assert (tiles["mask_after"][35, 35] == 30).all()


def test_what_is_said_of_the_whole_set_stands_at_the_top():
    text = render_report([], lambda row: {}, RUN | {"notes": ["the set looks like two subjects: <a>"]}).decode()
    assert "Note: the set looks like two subjects: &lt;a&gt;." in text


COVERAGE = {
    "axes": {
        "figure": [{"name": "whole", "count": 9, "example": "a.jpg"}, {"name": "close-up", "count": 1, "example": NAME}]
    },
    "advice": ["No picture turns to a side."],
    "repeats": [{"id": "x", "source": NAME, "times": 3, "part": "close-up"}],
    "covered": 0.5,
}


def test_what_the_set_shows_stands_at_the_top_and_names_in_it_are_text():
    page = Page(render_report([], lambda row: {}, RUN | {"coverage": COVERAGE}).decode())
    assert f"9 whole, 1 close-up ({NAME})" in page.words
    assert "No picture turns to a side." in page.words
    assert any(f"{NAME} 3 times (close-up)" in word for word in page.words)
    assert "img" not in page.tags


def test_nothing_is_said_of_a_set_without_pictures():
    page = Page(render_report([], lambda row: {}, RUN | {"coverage": None}).decode())
    assert "What the set shows" not in page.words


def reviewed(name, gain, *codes):
    reasons = [{"code": code, "stage": "select", "detail": "1 is above 0"} for code in codes]
    return Row(name, 0, f"{name}.jpg", verdict="review", score=0.6, reasons=reasons, details={"score": {"gain": gain}})


def test_what_to_look_at_is_the_first_thing_said_and_the_first_cards():
    rows = [Row("a", 0, "a.jpg", verdict="keep", score=0.9), reviewed("b", 0.1, "dark"), reviewed("c", 0.3, "halo")]
    run = RUN | {"verdicts": {"keep": 1, "review": 2, "reject": 0}}
    text = render_report(rows, lambda row: {}, run).decode()
    page = Page(text)
    said = " ".join(page.words)
    assert "Look at these 2 of 3, from the top" in said
    assert said.index("c.jpg") < said.index("the old background shows in the edge") < said.index("b.jpg")
    assert [card["id"] for card in page.cards] == ["c", "b", "a"]
    assert text.count('href="#c"') == 1
    assert "points.json" not in said  # no mask is doubted


def test_nothing_to_look_at_is_no_headline(page):
    assert "Look at" not in " ".join(page.words)
