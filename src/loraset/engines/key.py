"""Engine key: the subject before a plain background: a green or blue screen, or the flat ground of a drawing.

In: a picture. Out: a soft mask at full size, with the screen's colour for the despill. Never: a plain background taken
for granted: `attempt` declines what the border does not show; `mask`, when the user named this engine, does its best
and says its doubt.
"""

from collections.abc import Sequence

import numpy as np

from loraset.engines.interface import EngineOptions
from loraset.images import css_color
from loraset.ops.keying import Key, soft_key
from loraset.ops.screen import Screen, find_screen, why_not_plain
from loraset.types import Declined, Json, Map, Mask, Reason, View

MAX_UNSURE = 0.09  # half-transparent area inside the subject, in shares of it, from which the key is not to be trusted
MAX_ENCLOSED = 0.15
MAX_BEYOND = 0.15
MIN_CLOTH = 0.12  # of the picture: bare screen that is enough to look for one that does not reach the border
SHARES = (0.001, 0.97)  # of the picture: less is dust, more is a picture without a screen


class KeyEngine:
    """Finds the screen at the picture's border and keys it out."""

    name = "key"
    learns = False

    def __init__(self, options: EngineOptions) -> None:
        self._setting = options.key_color
        self._color: tuple[float, float, float] | None = None
        if options.key_color != "auto":
            red, green, blue = css_color(options.key_color)
            self._color = (red / 255, green / 255, blue / 255)

    def identity(self) -> Json:
        """Return what decides the masks."""
        return {"engine": self.name, "version": 5, "key_color": self._setting}

    def models(self) -> list[Json]:
        """Return []: there is no model."""
        return []

    def prepare(self, views: Sequence[View], run: Map) -> None:
        """Do nothing: every picture stands alone."""

    def attempt(self, view: View) -> Mask | Declined:
        """Return the keyed mask, or decline a picture whose border or whose result is not a screen's."""
        screen, why, _ = self._screen(view)
        if why is not None:
            return Declined(self.name, why)
        key = soft_key(view.picture().rgb, screen)
        why = _why_bad(key)
        return Declined(self.name, why) if why is not None else self._mask(view, screen, key, None, exact=True)

    def mask(self, view: View) -> Mask:
        """Return the keyed mask, with `mask_uncertain` where `attempt` would decline."""
        screen, why, is_screen = self._screen(view)
        key = soft_key(view.picture().rgb, screen)
        return self._mask(view, screen, key, why or _why_bad(key), exact=is_screen and key.unsure <= MAX_UNSURE)

    def _screen(self, view: View) -> tuple[Screen, str | None, bool]:
        """The screen along the border, else a cloth with the room around it; a doubt of it; whether there is one."""
        screen = find_screen(view.proxy(), self._color)
        why = why_not_plain(screen)
        if why is not None:
            cloth = find_screen(view.proxy(), self._color, anywhere=True)
            if cloth.saturated and why_not_plain(cloth, least_share=MIN_CLOTH) is None:
                words = f"the screen does not reach round the picture ({why}); what stands beside it was left out"
                return cloth, words, True
        return screen, why, why is None

    def _mask(self, view: View, screen: Screen, key: Key, why: str | None, *, exact: bool) -> Mask:
        doubts = () if why is None else (Reason("mask_uncertain", "mask", f"key: {why}"),)
        if key.kept_enclosed and key.enclosed > MAX_ENCLOSED:
            words = f"key: {key.enclosed:.0%} of the subject is background colour walled in by it: kept, may be holes"
            doubts = (*doubts, Reason("mask_uncertain", "mask", words))
        return Mask(
            key.alpha,
            self.name,
            view.size,
            exact=exact,
            confidence=float(np.clip(1 - key.unsure / MAX_UNSURE, 0, 1)),
            key_color=screen.color if screen.saturated else None,
            reasons=doubts,
            details={
                "key_color": "#" + "".join(f"{round(value * 255):02x}" for value in screen.color),
                "border_share": round(screen.border_share, 4),
                "noise": round(screen.noise, 5),
                "unsure": round(key.unsure, 4),
                "beyond": round(key.beyond, 4),
                "enclosed": round(key.enclosed, 4),
                "enclosed_is": "subject" if key.kept_enclosed else "background",
            },
        )


def _why_bad(key: Key) -> str | None:
    share = float(np.mean(key.alpha > 0.5))
    if key.unsure > MAX_UNSURE:
        return f"{key.unsure:.0%} of the subject comes out half-transparent: it has the screen's colour"
    if key.beyond > MAX_BEYOND:
        return f"{key.beyond:.0%} of the subject does not lie before the screen: it may be a table or the room"
    if not SHARES[0] <= share <= SHARES[1]:
        return f"the key leaves {share:.1%} of the picture"
    return None
