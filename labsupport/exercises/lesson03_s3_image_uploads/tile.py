"""s3-2: square tiles of photos, made with Pillow from a layer, when a photo arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import pictures, uploads
from ..messages import Message
from ..model import Exercise, sub_checks
from ..outcomes import NotYet
from ..pictures import BLUE, GREEN, RED, WHITE, colour_at, is_near, name_of
from ..probe import Probe
from ..uploads import StoredObject, Trial
from .wiring import an_upload_alone_is_enough

if TYPE_CHECKING:
    from PIL.Image import Image

_TILE = "kestrel-tile"
_BUCKET = "portraits"
_SIDE = 160


def _tile(trial: Trial, key: str, body: bytes, content_type: str = "image/jpeg") -> tuple[StoredObject, Image]:
    """The tile that the function makes of this photo: what is stored, and the picture in it. Raises NotYet."""
    trial.run(trial.put(key, body, content_type))
    stored = trial.made(f"tiles/{key}", key)
    picture = pictures.opened(stored.body)
    if picture is None:
        raise _wrong(trial, key, f"{len(stored.body)} bytes that are no picture", "what you save, and what you put")
    return stored, picture


def _wrong(trial: Trial, key: str, came_back: str, look: str) -> NotYet:
    return NotYet(
        Message(
            did=trial.did(key),
            came_back=came_back,
            expected=f"a JPEG of {_SIDE} × {_SIDE} pixels with the middle of the photo, and its content type",
            look=look,
        )
    )


def _is_square(trial: Trial, key: str, picture: Image) -> None:
    if picture.size == (_SIDE, _SIDE):
        return
    look = "ImageOps.fit of Pillow: it cuts and resizes in one call"
    if max(picture.size) == _SIDE:
        look = "thumbnail() keeps the shape of the photo; a tile is a square, so something has to be cut off"
    raise _wrong(trial, key, f"a picture of {picture.width} × {picture.height} pixels", look)


def _square_jpeg(probe: Probe) -> None:
    with uploads.trial(probe, _TILE) as trial:
        for width, height in ((probe.whole_number(400, 700), probe.whole_number(200, 390)), (90, 120)):
            key = trial.key(f"{{}}-{width}.jpg")
            stored, picture = _tile(trial, key, pictures.jpeg(pictures.plain(width, height, GREEN)))
            _is_square(trial, key, picture)
            if picture.format != "JPEG":
                raise _wrong(trial, key, f"a picture in the form {picture.format}", "save(buffer, 'JPEG')")
            if stored.content_type != "image/jpeg":
                raise _wrong(
                    trial,
                    key,
                    f"a tile with the content type {stored.content_type}",
                    "ContentType in put_object: without it S3 says binary/octet-stream, and browsers download it",
                )


def _middle(probe: Probe) -> None:
    with uploads.trial(probe, _TILE) as trial:
        for wide in (True, False):
            key = trial.key("wide {}.jpg" if wide else "tall {}.jpg")
            _stored, picture = _tile(trial, key, pictures.jpeg(pictures.bands(probe.whole_number(150, 220), wide=wide)))
            _is_square(trial, key, picture)
            ends = [colour_at(picture, *((part, 0.5) if wide else (0.5, part))) for part in (0.04, 0.5, 0.96)]
            if all(is_near(colour, GREEN) for colour in ends):
                continue
            seen = ", ".join(name_of(colour) for colour in ends)
            look = "what you cut off: the same on both sides"
            if is_near(ends[0], RED) and is_near(ends[2], BLUE):
                look = "resize() squeezes the whole photo into the square; cut off what is too much instead"
            raise _wrong(trial, key, f"a photo of red, green and blue became a tile of {seen}", look)


def _white_paper(probe: Probe) -> None:
    with uploads.trial(probe, _TILE) as trial:
        key = trial.key("logo {}.png")
        body = pictures.png(pictures.see_through(probe.whole_number(200, 320), probe.whole_number(200, 320)))
        _stored, picture = _tile(trial, key, body, "image/png")
        corner, middle = colour_at(picture, 0.03, 0.03), colour_at(picture, 0.5, 0.5)
        if is_near(corner, WHITE) and is_near(middle, BLUE):
            return
        look = "the paper: paste the picture onto a white one, with itself as the mask"
        if is_near(corner, (0, 0, 0)):
            look = (
                "convert('RGB') drops the transparency, and what is below is black; paste it onto white paper instead"
            )
        came_back = f"where the picture is transparent, the tile is {name_of(corner)}; the spot is {name_of(middle)}"
        raise _wrong(trial, key, came_back, look)


def _awkward_keys(probe: Probe) -> None:
    with uploads.trial(probe, _TILE) as trial:
        for pattern in probe.rng.sample(uploads.AWKWARD_KEYS, 2):
            key = trial.key(pattern)
            _tile(trial, key, pictures.jpeg(pictures.plain(200, 180, RED)))


def _upright(probe: Probe) -> None:
    with uploads.trial(probe, _TILE) as trial:
        key = trial.key("phone {}.jpg")
        _stored, picture = _tile(trial, key, pictures.lying(probe.whole_number(200, 300)))
        above, below = colour_at(picture, 0.5, 0.05), colour_at(picture, 0.5, 0.95)
        if not (is_near(above, RED) and is_near(below, BLUE)):
            raise _wrong(
                trial,
                key,
                "a photo that the camera stored lying is still lying in the tile",
                "ImageOps.exif_transpose, right after Image.open: cameras note how they were held",
            )


def _on_upload(probe: Probe) -> None:
    body = pictures.jpeg(pictures.plain(300, 200, BLUE))
    an_upload_alone_is_enough(probe, _TILE, _BUCKET, "upload {}.jpg", "tiles/upload {}.jpg", body)


_CHECK = sub_checks(
    ("A photo becomes a square JPEG, and says so", _square_jpeg),
    ("The tile shows the middle of the photo", _middle),
    ("Transparent pictures get white paper", _white_paper),
    ("Keys may have any letter", _awkward_keys),
    ("Photos from phones stand upright", _upright),
    ("An upload alone is enough", _on_upload),
)


EXERCISE = Exercise(
    id="s3-2",
    lesson="03",
    title="Square tiles",
    kind="write",
    points=6,
    minutes=10,
    skills=("S3 event", "layer", "content type", "Pillow"),
    hints=(
        "Four steps: fetch the photo, make it fit to be a JPEG, cut the square, store it. The worked example has the "
        "first and the last. Between them Pillow does each of your wishes in one call.",
        "ImageOps.exif_transpose turns a photo upright, ImageOps.fit cuts the middle and resizes. For the white paper: "
        "Image.new('RGB', size, 'white') and its paste() with the picture as the third argument, the mask.",
        "In words: photo = exif_transpose(open(...)).convert('RGBA'); paper = new RGB picture of the same size, white; "
        "paper.paste(photo, (0, 0), photo); tile = fit(paper, (160, 160)); save as JPEG into a BytesIO; put_object with "
        "Key=f'tiles/{key}' and ContentType='image/jpeg'.",
    ),
    explanation="The tile goes to another bucket, under a key that follows from the photo's. So no tile calls the "
    "function, and the same photo twice makes one tile. Pillow is in the layer: your zip has some twenty lines, and "
    "is deployed in a moment. The content type is what a browser believes, not the ending of the key.",
    check=_CHECK,
)
