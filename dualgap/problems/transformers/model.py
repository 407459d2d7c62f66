"""What a transformer consists of, and published ones."""

from __future__ import annotations

from dualgap.core.record import Record


class Transformer(Record):
    """A decoder whose layers are alike.

    Attributes:
        layers, hidden, heads: as usual. kv_heads: heads of keys and values. head_dim: of a head.
        ffn: width of the feed-forward network. gated: whether it has a gate besides (SwiGLU).
        vocabulary: of the embedding. tied: whether the last layer shares it.
        flash: whether attention keeps no scores (Dao et al., 2022) and skips what a causal mask hides.
        dropout: whether training drops activations, whose masks are kept.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    gated: bool = False
    vocabulary: int = 51_200
    tied: bool = True
    flash: bool = True
    dropout: bool = False

    @property
    def query_width(self) -> int:
        """Of all heads' queries."""
        return self.heads * self.head_dim

    @property
    def key_width(self) -> int:
        """Of all heads' keys; values are as wide."""
        return self.kv_heads * self.head_dim

    @property
    def up_width(self) -> int:
        """Columns of the feed-forward network's first product."""
        return self.ffn * (2 if self.gated else 1)

    @property
    def operator_parameters(self) -> dict[str, int]:
        """Of a layer's matrices."""
        h = self.hidden
        return {
            "qkv": h * (self.query_width + 2 * self.key_width),
            "project": self.query_width * h,
            "up": h * self.up_width,
            "down": self.ffn * h,
        }

    @property
    def parameters(self) -> int:
        """Of all matrices and embeddings, without biases and norms."""
        return self.layers * sum(self.operator_parameters.values()) + self.vocabulary * self.hidden * (2 - self.tied)


def gpt(layers: int, hidden: int, heads: int, vocabulary: int = 51_200) -> Transformer:
    """GPT-2's and GPT-3's shape: no gate, four times as wide inside."""
    return Transformer(
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=hidden // heads,
        ffn=4 * hidden,
        vocabulary=vocabulary,
        flash=False,
        dropout=True,
    )


def llama(
    layers: int, hidden: int, heads: int, kv_heads: int, ffn: int, vocabulary: int, *, tied: bool = False
) -> Transformer:
    """Llama's shape: a gate, fewer heads of keys than of queries."""
    return Transformer(
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=hidden // heads,
        ffn=ffn,
        gated=True,
        vocabulary=vocabulary,
        tied=tied,
    )


MODELS = {
    "gpt2-xl": (gpt(48, 1600, 25, 50_257), "Radford et al., 2019; vocabulary of the released model"),
    "gpt3-13b": (gpt(40, 5120, 40), "Brown et al., 2020, table 2.1 (width 5,140 there, 5,120 by 40 heads of 128)"),
    "gpt3-175b": (gpt(96, 12_288, 96), "Brown et al., 2020, table 2.1; Megatron's vocabulary"),
    "mt-nlg-530b": (gpt(105, 20_480, 128), "Smith et al., 2022"),
    "gpt-1t": (gpt(128, 25_600, 160), "Narayanan et al., 2021, table 1"),
    "llama-2-7b": (llama(32, 4096, 32, 32, 11_008, 32_000), "Touvron et al., 2023"),
    "llama-2-70b": (llama(80, 8192, 64, 8, 28_672, 32_000), "Touvron et al., 2023"),
    "llama-3-8b": (llama(32, 4096, 32, 8, 14_336, 128_256), "Grattafiori et al., 2024, table 3"),
    "llama-3-70b": (llama(80, 8192, 64, 8, 28_672, 128_256), "Grattafiori et al., 2024, table 3"),
    "llama-3-405b": (llama(126, 16_384, 128, 8, 53_248, 128_256), "Grattafiori et al., 2024, table 3"),
}
