"""Makes pictures small, upright and free of secrets.

A picture is always decoded and written anew: that takes away where it was made (EXIF, GPS), and whatever else
somebody hid behind the pixels.
"""

from __future__ import annotations

import io
import warnings

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

from crm.files.content import Checked
from crm.kit.errors import Invalid

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


def picture(data: bytes, *, logo: bool) -> Checked:
    """The picture as it is kept. Raises Invalid (field "file") for what is none, is damaged or has too many pixels."""
    side_max = LOGO_SIDE_MAX if logo else PHOTO_SIDE_MAX
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
