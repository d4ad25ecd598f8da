"""Pictures that a check draws, and what it sees in those a function made. Colours are (red, green, blue), 0 to 255.

Pillow is imported when the first picture is drawn: a kernel that checks no pictures does not pay for it.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

Colour = tuple[int, int, int]

RED: Colour = (220, 30, 30)
GREEN: Colour = (30, 160, 60)
BLUE: Colour = (40, 60, 210)
WHITE: Colour = (255, 255, 255)
#: JPEG keeps colours nearly; further away than this in one channel, it is another one.
_NEAR = 45
#: EXIF's number for "turn a quarter clockwise to see it upright", in the tag Orientation.
_ORIENTATION, _LYING_ON_ITS_LEFT_SIDE = 0x0112, 6


def plain(width: int, height: int, colour: Colour) -> Image:
    """A picture of one colour, sizes in pixels."""
    from PIL import Image

    return Image.new("RGB", (width, height), colour)


def bands(side: int, *, wide: bool) -> Image:
    """Three squares of ``side`` pixels in a row (or, if not ``wide``, one below the other): red, green, blue."""
    from PIL import Image

    picture = Image.new("RGB", (3 * side, side) if wide else (side, 3 * side))
    for number, colour in enumerate((RED, GREEN, BLUE)):
        corner = (number * side, 0) if wide else (0, number * side)
        picture.paste(colour, (*corner, corner[0] + side, corner[1] + side))
    return picture


def see_through(width: int, height: int) -> Image:
    """A blue spot in the middle of nothing: all around it is transparent."""
    from PIL import Image

    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    picture.paste((*BLUE, 255), (width // 3, height // 3, 2 * width // 3, 2 * height // 3))
    return picture


def lying(side: int) -> bytes:
    """A JPEG as a camera writes it that was held upright: stored lying, with the note to turn it. Turned, it is a square
    with red above and blue below."""
    from PIL import Image

    picture = Image.new("RGB", (side, side), RED)
    picture.paste(BLUE, (side // 2, 0, side, side))
    exif = Image.Exif()
    exif[_ORIENTATION] = _LYING_ON_ITS_LEFT_SIDE
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def jpeg(picture: Image) -> bytes:
    return _saved(picture, "JPEG")


def png(picture: Image) -> bytes:
    return _saved(picture, "PNG")


def _saved(picture: Image, form: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


def opened(body: bytes) -> Image | None:
    """The picture in these bytes, read to its end; None when there is none."""
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(body))
        picture.load()
    except (OSError, SyntaxError, ValueError):
        return None
    return picture


def colour_at(picture: Image, across: float, down: float) -> Colour:
    """The colour at a place given in parts of the width and height, such as 0.5, 0.5 for the middle."""
    place = (int(across * (picture.width - 1)), int(down * (picture.height - 1)))
    red, green, blue = picture.convert("RGB").getpixel(place)  # type: ignore[misc]
    return int(red), int(green), int(blue)


def is_near(colour: Colour, wanted: Colour) -> bool:
    return all(abs(one - other) <= _NEAR for one, other in zip(colour, wanted, strict=True))


def name_of(colour: Colour) -> str:
    """The colour in words, for a message."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE, "black": (0, 0, 0)}
    return next((name for name, known in names.items() if is_near(colour, known)), f"the colour {colour}")
