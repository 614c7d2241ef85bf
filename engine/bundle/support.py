"""What a bundle keeps of the labelled images: their embeddings, which labelling can go on from.

Embeddings, never images: nobody can look at them, but whoever has the encoder can tell whether
another image is like one of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from engine.errors import EngineError, sentence_for
from engine.messages import NONE_OF_THESE
from engine.project import is_text
from engine.words import say


@dataclass(frozen=True, slots=True, eq=False)
class KeptSupport:
    """Labelled examples without their images.

    Attributes:
        class_names: in the order of the model's outputs.
        embeddings: (n, d) float16, of the whole image, by the encoder as it was before any
            fine-tuning.
        labels: (n,) int64, positions in ``class_names``, NONE_OF_THESE for a negative example.
        hashes: (n,) uint64, see :func:`engine.images.perceptual_hash`.
        fingerprint: of the encoder.
    """

    class_names: tuple[str, ...]
    embeddings: NDArray[np.float16]
    labels: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    fingerprint: str

    def to_bytes(self) -> bytes:
        """As a safetensors file."""
        arrays: dict[str, NDArray[Any]] = {
            "embeddings": np.ascontiguousarray(self.embeddings),
            "labels": self.labels,
            "perceptual_hashes": self.hashes,
        }
        metadata = {
            "format": "handful-support-1",
            "class_names": json.dumps(self.class_names, ensure_ascii=False),
            "encoder_fingerprint": self.fingerprint,
        }
        content: bytes = save(arrays, metadata)
        return content

    @classmethod
    def read(cls, path: Path, bundle: Path | None = None) -> KeptSupport:
        """From a file.

        Args:
            bundle: what sentences name in its place, where the file is unpacked to be read.

        Raises:
            EngineError: it is missing, damaged, or not what a bundle has.
        """
        named = bundle or path
        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                embeddings = file.get_tensor("embeddings")
                labels = file.get_tensor("labels")
                hashes = file.get_tensor("perceptual_hashes")
            names = json.loads(metadata["class_names"])
            fingerprint = metadata["encoder_fingerprint"]
        except OSError as error:
            raise EngineError(sentence_for(error, named, say("read"))) from error
        except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise EngineError(say("{path} is damaged.", path=named)) from error
        are_names = isinstance(names, list) and all(isinstance(name, str) for name in names)
        found = cls(tuple(names) if are_names else (), embeddings, labels, hashes, fingerprint)
        if not are_names or not found._is_consistent():
            raise EngineError(say("{path} is damaged.", path=named))
        return found

    def check_encoder(
        self, fingerprint: str, encoder_name: str, embedding_size: int | None = None
    ) -> None:
        """Whether its embeddings mean the same to an encoder.

        Raises:
            EngineError: they are another encoder's, or not of its size.
        """
        if self.fingerprint != fingerprint:
            raise EngineError(
                say(
                    "The bundle's examples were seen by another encoder ({theirs}) than the one in "
                    "use ({name}, {ours}), so labelling cannot go on from them.",
                    theirs=self.fingerprint[:16],
                    name=encoder_name,
                    ours=fingerprint[:16],
                )
            )
        if embedding_size is not None and self.embeddings.shape[1] != embedding_size:
            raise EngineError(say("The bundle's examples are damaged: they have another length."))

    def _is_consistent(self) -> bool:
        if (self.embeddings.ndim, self.labels.ndim, self.hashes.ndim) != (2, 1, 1):
            return False
        n = len(self.labels)
        return (
            all(map(is_text, self.class_names))
            and self.embeddings.dtype == np.float16
            and self.labels.dtype == np.int64
            and self.hashes.dtype == np.uint64
            and self.labels.shape == self.hashes.shape == (n,) == self.embeddings.shape[:1]
            and bool(np.isfinite(self.embeddings).all())
            and bool((self.labels >= NONE_OF_THESE).all())
            and bool((self.labels < len(self.class_names)).all())
        )
