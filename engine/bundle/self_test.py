"""The images that travel with a bundle, so that a copy can be checked where it is used."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from engine.images import fit_within

N_IMAGES: Final = 5
_SIDE_PX: Final = 320
_TURNED: Final = 1  # This one lies on its side, as a camera held upright writes it.
_QUARTER_LEFT: Final = 6  # EXIF: to be turned by 90 degrees clockwise.
NOTE: Final = """Five images of the project that this model was made from, made small, to check a
copy of it:

    python predict.py --self-test

They stay their owners' property: whoever passes this folder on passes them on, too. The model
works without this folder.
"""


def small_copy(pixels: NDArray[np.uint8], number: int) -> tuple[str, bytes]:
    """A small copy of an image (height, width, 3): file name and content.

    PNG, so that every decoder gives the same pixels; one is turned, for a reader that forgets to
    turn images is the usual reason for other answers.
    """
    picture = Image.fromarray(fit_within(pixels, _SIDE_PX))
    file = io.BytesIO()
    if number == _TURNED:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = _QUARTER_LEFT
        picture.transpose(Image.Transpose.ROTATE_90).save(file, "PNG", exif=exif)
    else:
        picture.save(file, "PNG")
    return f"image_{number + 1}.png", file.getvalue()
