"""Published devices: dense 16-bit throughput, memory, and links, as their makers state them."""

from __future__ import annotations

from dataclasses import dataclass

from dualgap.core.arrays import Number
from dualgap.core.record import Record


@dataclass(frozen=True)
class Device:
    """A device's peaks.

    Attributes:
        flops: dense bfloat16 or float16 operations a second. bandwidth: bytes a second of its memory.
        memory: bytes. link: bytes a second to its neighbours in a node, one way.
        source: where the figures stand.
    """

    flops: float
    bandwidth: float
    memory: float
    link: float
    source: str


_PCIE4 = 32e9  # sixteen lanes, one way
PRESETS = {
    "v100-sxm2": Device(125e12, 900e9, 32e9, 150e9, "NVIDIA V100 datasheet, 2020: 32 GB, NVLink 300 GB/s both ways"),
    "a100-40gb": Device(312e12, 1_555e9, 40e9, 300e9, "NVIDIA A100 datasheet, 2021: 40 GB, NVLink 600 GB/s both ways"),
    "a100-80gb": Device(
        312e12, 2_039e9, 80e9, 300e9, "NVIDIA A100 datasheet, 2021: 80 GB SXM, NVLink 600 GB/s both ways"
    ),
    "h100-sxm": Device(
        989.4e12, 3_350e9, 80e9, 450e9, "NVIDIA H100 datasheet, 2023: SXM, without sparsity, NVLink 900 GB/s both ways"
    ),
    "h200": Device(
        989.4e12, 4_800e9, 141e9, 450e9, "NVIDIA H200 datasheet, 2024: without sparsity, NVLink 900 GB/s both ways"
    ),
    "l40s": Device(362.05e12, 864e9, 48e9, _PCIE4, "NVIDIA L40S datasheet, 2023: without sparsity, PCIe 4"),
}
NETWORK = 200e9  # bytes a second of a node, one way: eight adapters of 200 Gb/s, as in NVIDIA's DGX A100
NODE = 8
LATENCY = 85e-6  # of a collective: the shortest all-reduces that vTrain publishes for eight A100s
SUSTAINED = 0.75  # of a link's bandwidth: the largest of the same all-reduces reach 224 of 300 GB/s


class Cluster(Record):
    """Devices that are alike, in nodes.

    Attributes:
        devices: how many. node: of them in a node.
        memory: bytes of a device that may be used. flops, bandwidth: a device's peaks, operations and bytes a second.
        link: bytes a second that a collective reaches within a node. network: of a node to others, one way.
        latency: seconds of a collective before the first byte.
    """

    devices: int
    node: int
    memory: Number
    flops: Number
    bandwidth: Number
    link: Number
    network: Number
    latency: Number
