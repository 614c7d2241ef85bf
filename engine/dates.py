"""When a picture was taken, as a number: seconds since 1970 by the camera's own clock.

Apart from the messages, which need a tenth of a second to be loaded: a process that decodes knows
dates and no messages.
"""

from __future__ import annotations

from typing import Final

NO_DATE: Final = -(1 << 62)
"""In place of seconds, where a file does not tell when its picture was taken."""
