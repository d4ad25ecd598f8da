from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image, ImageOps

from labsupport.exercises import pictures
from labsupport.exercises.pictures import BLUE, GREEN, RED, WHITE, colour_at, is_near


@pytest.mark.parametrize(("wide", "size"), [(True, (300, 100)), (False, (100, 300))])
def test_bands_are_red_green_and_blue_in_this_order(wide: bool, size: tuple[int, int]) -> None:
    picture = pictures.opened(pictures.jpeg(pictures.bands(100, wide=wide)))
    assert picture is not None and picture.size == size
    seen = [colour_at(picture, *((part, 0.5) if wide else (0.5, part))) for part in (0.1, 0.5, 0.9)]
    assert all(is_near(colour, wanted) for colour, wanted in zip(seen, (RED, GREEN, BLUE), strict=True))


def test_the_picture_of_a_camera_held_upright_is_stored_lying() -> None:
    stored = Image.open(io.BytesIO(pictures.lying(200)))
    turned = ImageOps.exif_transpose(stored)
    assert is_near(colour_at(stored, 0.05, 0.5), RED) and is_near(colour_at(stored, 0.95, 0.5), BLUE)
    assert is_near(colour_at(turned, 0.5, 0.05), RED) and is_near(colour_at(turned, 0.5, 0.95), BLUE)


def test_a_transparent_picture_has_a_spot_and_nothing_around_it() -> None:
    picture = pictures.opened(pictures.png(pictures.see_through(300, 210)))
    assert picture is not None and picture.mode == "RGBA"
    assert picture.getpixel((0, 0))[3] == 0 and picture.getpixel((150, 105)) == (*BLUE, 255)


@pytest.mark.parametrize("body", [b"", b"no picture", pictures.lying(200)[:500], b"<svg/>"])
def test_bytes_that_are_no_whole_picture_are_none(body: bytes) -> None:
    assert pictures.opened(body) is None


@pytest.mark.parametrize(
    ("colour", "name"),
    [(RED, "red"), (WHITE, "white"), ((3, 9, 0), "black"), ((255, 255, 0), "the colour (255, 255, 0)")],
)
def test_colours_are_named_as_one_sees_them(colour: pictures.Colour, name: str) -> None:
    assert pictures.name_of(colour) == name


def test_pillow_is_not_imported_before_a_picture_is_drawn() -> None:
    """lab.start imports every lesson: nobody pays for pictures who checks none."""
    code = "import sys\nfrom labsupport.exercises import catalog\ncatalog.lessons()\nsys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
