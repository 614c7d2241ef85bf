"""Paints the sample folder of ``handful demo``: photographs of machine parts that never were.

Every part is a height field. It is seen obliquely (near rows hide far ones), lit through a table
of what a surface of each orientation reflects, and laid on a background that was drawn without
looking at the class. Finish, light, background, size and wear are independent of the class, so
that only the shape tells a gear from a bearing.

The pictures depend on the seed alone: the same bytes on one machine with one version of Pillow.
"""

from engine.painting.folder import PaintedImage, paint_folder
from engine.painting.picture import CLASS_NAMES, paint_picture

__all__ = ["CLASS_NAMES", "PaintedImage", "paint_folder", "paint_picture"]
