"""What leaves for other programs, and what comes back from them; knows no worker and no window."""
