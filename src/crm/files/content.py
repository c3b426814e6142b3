"""Decides what a file is by its bytes, never by its name, and makes pictures small, upright and free of secrets.

A picture is always decoded and written anew: that takes away where it was made (EXIF, GPS), and whatever else
somebody hid behind the pixels.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from crm.kit.errors import Invalid

FILE_BYTES_MAX = 25_000_000
PIXELS_MAX = 60_000_000  # the largest phone cameras make 50 million; beyond it, it is a bomb
PHOTO_SIDE_MAX = 2_400
LOGO_SIDE_MAX = 800
JPEG_QUALITY = 85
# Only what is taken is loaded: Pillow's other forty formats are memory, and code that no stranger's file need reach.
_TAKEN = (
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    WebPImagePlugin.WebPImageFile,
    GifImagePlugin.GifImageFile,
    TiffImagePlugin.TiffImageFile,
    BmpImagePlugin.BmpImageFile,
)
PICTURES = tuple(str(one.format) for one in _TAKEN)


@dataclass(frozen=True, slots=True)
class Checked:
    """What is kept. Width and height in pixels, None for what is no picture."""

    media_type: str
    content: bytes
    extension: str
    width: int | None = None
    height: int | None = None


def check(kind: str, data: bytes) -> Checked:
    """The file as it is kept. Raises Invalid (field "file") for what is not taken as this kind."""
    if not data:
        raise Invalid("The file is empty.", field="file")
    if kind == "photo":
        return _picture(data, PHOTO_SIDE_MAX, logo=False)
    if kind == "logo":
        return _picture(data, LOGO_SIDE_MAX, logo=True)
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    if kind == "attachment":
        return _picture(data, PHOTO_SIDE_MAX, logo=False)
    raise Invalid("This is not a PDF.", field="file")


def _pdf(data: bytes) -> Checked:
    if b"%%EOF" not in data[-2_048:]:
        raise Invalid("This PDF is cut off; please make or export it again.", field="file")
    return Checked("application/pdf", data, "pdf")


def _picture(data: bytes, side_max: int, *, logo: bool) -> Checked:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=PICTURES) as opened:
                if opened.width * opened.height > PIXELS_MAX:
                    raise Invalid(
                        "This picture has too many pixels; 60 megapixels are the most.", field="file"
                    )
                # Lets a JPEG be decoded at an eighth of the work when it is far too large anyway.
                opened.draft("RGB", (side_max, side_max))
                image = ImageOps.exif_transpose(opened)
                image.thumbnail((side_max, side_max), Image.Resampling.LANCZOS)
                return _written(image, logo=logo)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid(
            "This is not a picture we can use. Please give a JPEG, PNG or WebP"
            + ("." if logo else ", or as an attachment a PDF."),
            field="file",
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow raises for broken files
        raise Invalid("This picture is damaged; please save it again.", field="file") from error


def _written(image: Image.Image, *, logo: bool) -> Checked:
    out = io.BytesIO()
    clear = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    if logo or clear:
        image.convert("RGBA" if clear else "RGB").save(out, "PNG", optimize=True)
        return Checked("image/png", out.getvalue(), "png", image.width, image.height)
    image.convert("RGB").save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return Checked("image/jpeg", out.getvalue(), "jpg", image.width, image.height)
