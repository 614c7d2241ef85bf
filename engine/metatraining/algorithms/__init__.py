"""The meta-learning algorithms, behind one interface."""
