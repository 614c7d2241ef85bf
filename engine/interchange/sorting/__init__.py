"""Images sorted into class folders: names, the plan, its journal, and one file after the other."""
