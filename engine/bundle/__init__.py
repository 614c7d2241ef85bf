"""The bundle: an adapted model as a folder or zip that anyone can run, check and go on from.

``contents`` says which files there are; ``float_graph`` makes the plain variant of the model,
``signature`` describes the files to other programs, ``self_test`` makes the images that a copy can
be checked with, ``support`` keeps what labelling can go on from, ``place`` writes a folder or zip
whole and opens one. ``assets/bundle/predict.py`` is the program that travels along.
"""
