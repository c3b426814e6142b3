"""The one shape in which objects of QuickBooks are passed around."""

from typing import Any

JsonObject = dict[str, Any]
"""An object in the shape that Intuit sends; never changed in place, always replaced."""
