"""A small set that tests paint: one toy with a limb, on five grounds, and its true masks."""

import cv2
import numpy as np

GROUNDS = ((90, 120, 70), (150, 140, 120), (60, 70, 100), (170, 170, 175), (110, 90, 70))
SIDE = 240


def paint(number):
    """One photo, uint8 (240, 240, 3), its true mask and the part of that which is the limb, bool (240, 240)."""
    rng = np.random.default_rng(number)
    ground = np.array(GROUNDS[number % len(GROUNDS)]) + cv2.GaussianBlur(rng.normal(0, 60, (SIDE, SIDE, 3)), (0, 0), 3)
    body, limb = np.zeros((2, SIDE, SIDE), np.uint8)
    x, y = (int(value) for value in rng.integers(100, 130, 2))
    cv2.ellipse(body, (x, y), (45, 55), 0, 0, 360, 1, -1)
    cv2.line(limb, (x + 30, y), (x + 85, y + int(rng.integers(-60, 60))), 1, 32)
    toy = np.full((SIDE, SIDE, 3), (200.0, 60.0, 50.0))
    cv2.circle(toy, (x - 15, y - 20), 12, (240, 220, 60), -1)
    cv2.circle(toy, (x + 15, y - 20), 12, (240, 220, 60), -1)
    subject = (body | limb) > 0
    photo = np.where(subject[..., None], toy + rng.normal(0, 6, toy.shape), ground)
    photo = cv2.GaussianBlur(np.clip(photo, 0, 255).astype(np.uint8), (0, 0), 0.7)
    return photo, subject, subject & (body == 0)


def grabbed(subject):
    """A patch of ground that touches the subject from below, bool (240, 240)."""
    rows, columns = np.nonzero(subject)
    low = int(rows.max())
    middle = int(columns[rows == low].mean())
    patch = np.zeros(subject.shape, bool)
    patch[low - 6 : low + 26, middle - 30 : middle + 30] = True
    return patch & ~subject
