import pytest

from loraset.stages.captions import (
    Backdrop,
    background_words,
    caption_for,
    describe_subject,
    render_caption,
    without_background,
)

GRAY = Backdrop("plain", "gray")


def line(sidecar, *, trigger="korbin", class_word="plush toy", backdrop=GRAY, style="tags"):
    subject = describe_subject(trigger, class_word, sidecar)
    return render_caption(caption_for(trigger, subject, backdrop, style), style)


@pytest.mark.parametrize(
    ("backdrop", "tags", "prose"),
    [
        (GRAY, "grey background, simple background", "on a plain gray background"),
        (Backdrop("plain", "white"), "white background, simple background", "on a plain white background"),
        (Backdrop("blurred"), "blurry background", "with a blurry background"),
        (Backdrop("hidden"), "", ""),
        (Backdrop("photo"), "", ""),
    ],
)
def test_background_words(backdrop, tags, prose):
    assert background_words(backdrop, "tags") == tags
    assert background_words(backdrop, "prose") == prose
    assert background_words(backdrop, "none") == ""


def test_trigger_first_then_class_then_sidecar_then_background():
    assert line("sitting, red scarf") == "korbin, plush toy, sitting, red scarf, grey background, simple background"
    assert line("sitting", style="prose") == "korbin, plush toy, sitting, on a plain gray background"
    assert line("", style="prose") == "korbin, plush toy on a plain gray background"
    assert line("sitting", style="none") == "korbin, plush toy, sitting"


def test_trigger_and_class_are_not_doubled():
    assert line("korbin, a plush toy on its back").startswith("korbin, a plush toy on its back, grey")
    assert line("Korbin sitting", class_word="", style="none") == "korbin, sitting"
    assert line("sitting, korbin") == "korbin, plush toy, sitting, grey background, simple background"
    assert line("korbinian sitting", class_word="", style="none") == "korbin, korbinian sitting"
    assert line("korbin's ear", class_word="", style="none") == "korbin, korbin's ear"


def test_no_words_give_an_empty_caption():
    assert line("", trigger="", class_word="", backdrop=Backdrop("hidden")) == ""
    assert line("", trigger="", class_word="", style="prose") == "on a plain gray background"


def test_sidecar_becomes_one_line():
    assert line("\ufeffsitting \r\n on  a\trock.\n", style="none") == "korbin, plush toy, sitting on a rock"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("solo, grass background, red scarf", "solo, red scarf"),
        ("simple background, white background", ""),
        ("outdoors, standing, Scenery", "standing"),
        ("a bear sitting on a wooden background", "a bear sitting"),
        ("bear against white backdrop, smiling", "bear, smiling"),
        ("bear with a ball on plain background", "bear with a ball"),
        ("sitting on grass", "sitting on grass"),
        ("playing in the back garden", "playing in the back garden"),
        ("red scarf, depth of field", "red scarf, depth of field"),
    ],
)
def test_only_words_about_the_old_background_are_taken_out(text, left):
    assert without_background(text) == left


def test_the_photos_own_background_keeps_its_words():
    assert line("bear, grass background", backdrop=Backdrop("photo")) == "korbin, plush toy, bear, grass background"


def test_alpha_has_no_background_words_at_all():
    assert line("bear, transparent background", backdrop=Backdrop("hidden")) == "korbin, plush toy, bear"


@pytest.mark.parametrize("style", ["tags", "prose"])
def test_blur_is_said_once(style):
    assert line("bear, blurry background", backdrop=Backdrop("blurred"), style=style).count("blurry") == 1
