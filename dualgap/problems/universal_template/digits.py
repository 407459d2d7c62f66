"""The files of the digits example: the network of ``adversarial-example``'s, and images that it wasn't trained on.

``python -m dualgap.problems.universal_template.digits FOLDER`` writes ``digits_network.npz`` and ``digits_images.npz``
anew. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dualgap.problems.adversarial_example import digits

IMAGES = 240


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Write the files of the digits example.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    data = digits.load_digits()
    digits.write(folder, digits.train(data), data)
    (folder / "digits.npz").unlink()  # one image of each digit; here are more
    np.savez_compressed(folder / "digits_images.npz", x=data.test_images[:IMAGES], y=data.test_digits[:IMAGES])


if __name__ == "__main__":
    main()
