"""Labels as other programs keep them: one file per format, each writing, reading or both."""
