"""Papers whose methods are in the program."""

from __future__ import annotations

from typing import Final

# Whose ideas the program works by; titles of papers stay as they are in every language.
PAPERS: Final = (
    ("Prototypical Networks for Few-shot Learning", "Snell, Swersky, Zemel 2017, arXiv:1703.05175"),
    ("MobileNetV2: Inverted Residuals and Linear Bottlenecks", "Sandler et al. 2018, 1801.04381"),
    ("SimpleShot: Revisiting Nearest-Neighbor Classification", "Wang et al. 2019, 1911.04623"),
    ("PADDLE, few-shot learning without balance", "Martin et al. 2022, 2204.11181"),
    ("Active Learning on a Budget (TypiClust)", "Hacohen et al. 2022, 2202.02794"),
    ("FiLM: Visual Reasoning with a Conditioning Layer", "Perez et al. 2018, 1709.07871"),
    ("FiT: Parameter Efficient Few-shot Transfer Learning", "Shysheya et al. 2023, 2206.08671"),
    ("Robust fine-tuning of zero-shot models (WiSE-FT)", "Wortsman et al. 2022, 2109.01903"),
    ("Learning Deep Features for Localization (CAM)", "Zhou et al. 2016, 1512.04150"),
    ("On Calibration of Modern Neural Networks", "Guo et al. 2017, 1706.04599"),
    ("Model-Agnostic Meta-Learning", "Finn, Abbeel, Levine 2017, 1703.03400"),
    ("On First-Order Meta-Learning Algorithms (Reptile)", "Nichol et al. 2018, 1803.02999"),
)
