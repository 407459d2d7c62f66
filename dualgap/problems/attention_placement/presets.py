"""Published devices: dense 16-bit matrix throughput and memory bandwidth, as their makers state them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """A device's peaks.

    Attributes:
        flops: dense bfloat16 or float16 operations a second. bandwidth: bytes a second of its memory.
        source: where the figures stand.
    """

    flops: float
    bandwidth: float
    source: str


PRESETS = {
    "v100-sxm2": Device(125e12, 900e9, "NVIDIA V100 datasheet, 2020"),
    "a100-40gb": Device(312e12, 1_555e9, "NVIDIA A100 datasheet, 2021: 40 GB"),
    "a100-80gb": Device(312e12, 2_039e9, "NVIDIA A100 datasheet, 2021: 80 GB SXM"),
    "h100-sxm": Device(989.4e12, 3_350e9, "NVIDIA H100 datasheet, 2023: SXM, without sparsity"),
    "h200": Device(989.4e12, 4_800e9, "NVIDIA H200 datasheet, 2024: without sparsity"),
    "l40s": Device(362.05e12, 864e9, "NVIDIA L40S datasheet, 2023: without sparsity"),
}
