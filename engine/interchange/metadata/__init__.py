"""Keywords in XMP: beside images or within them, merged into what others wrote, and undone."""
