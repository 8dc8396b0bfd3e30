"""The modules of a bridge, each computed on inputs that no forward pass would give it."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import circuits, hooks
from interp_course.circuits import Part
from interp_course.scrubbing import heads
from interp_course.scrubbing.sites import Moved, Site, Stream, depth

TOLERANCE = {torch.bfloat16: 0.1}
"""By number format; 1e-3 for the others."""


class Modules:
    """A model cut into attention, MLPs and unembedding.

    Construction computes one sequence piece by piece and compares it with the forward pass,
    because everything here rests on the residual stream being the plain sum of its writers.

    Args:
        model: A bridge, in evaluation mode.
        tokens: At least one sequence; its length becomes that of all inputs.

    Raises:
        ValueError: If the model is in training mode, or its pieces do not add up: with norms
            after the attention, attention and MLP in parallel, or capped logits.
    """

    def __init__(self, model: Any, tokens: Int[Tensor, "batch pos"]) -> None:
        if model.training:
            raise ValueError("the model is in training mode, which may be random: model.eval()")
        self.model = model
        self.n_layers: int = model.cfg.n_layers
        self.n_tokens: int = 0
        """How many tokens have logits."""
        self._by_head: list[bool] = []
        self._heads: dict[Part, heads.Head] = {}
        self._options: list[dict[str, Any]] = []
        self._learn_options(tokens[:1])
        with torch.no_grad():
            self._check_pieces(tokens[:1])

    def attention(
        self,
        layer: int,
        q: Float[Tensor, "sample pos d_model"],
        k: Float[Tensor, "sample pos d_model"],
        v: Float[Tensor, "sample pos d_model"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """z, pattern and values of all heads that read three different streams.

        Returns ``[sample pos head d_head]``, ``[sample head query_pos key_pos]`` and
        ``[sample pos head d_head]``. The norm is applied to each stream.
        """
        block, seen = self.model.blocks[layer], {}
        streams = {"q": q, "k": k, "v": v}
        normed = {id(x): block.ln1(x) for x in streams.values()}
        edits: dict[str, hooks.HookFunction] = {
            hooks.projection_in(layer, name): _put(normed[id(x)])  # pyright: ignore
            for name, x in streams.items()
        }
        names = (hooks.z(layer), hooks.pattern(layer), hooks.head_vectors(layer, "v"))
        edits |= {name: _keep(seen, name) for name in names}
        options = dict(self._options[layer])
        first = normed[id(q)]
        with hooks.editing(self.model, edits):
            if "hidden_states" in options:
                block.attn(**options | {"hidden_states": first})
            else:
                block.attn(first, **options)
        return seen[names[0]], seen[names[1]], seen[names[2]]

    def head(
        self,
        site: Part | Moved,
        q: Float[Tensor, "sample query_pos d_model"],
        k: Float[Tensor, "sample pos d_model"],
        v: Float[Tensor, "sample pos d_model"],
        at: Int[Tensor, "#sample place"],
    ) -> Float[Tensor, "sample place d_head"]:
        """The z of one head, or its share from one distance, at the positions ``at``.

        Args:
            site: The head.
            q: The stream that its queries read; at the positions ``at`` only, if
                `computes_single` says so, else at all.
            k: The stream that its keys read.
            v: The stream that its values read.
            at: Positions, the same for all samples or some for each.
        """
        part = site.head if isinstance(site, Moved) else site
        if not self.computes_single(site):
            z, pattern, values = self.attention(part.layer, q, k, v)
            if not isinstance(site, Moved):
                return picked(z[:, :, part.head], at)
            group = part.head * values.shape[2] // pattern.shape[1]
            pattern = picked(pattern[:, part.head], at)
            return heads.only_from(site.by, pattern, at) @ values[:, :, group]
        if part not in self._heads:
            self._heads[part] = heads.Head(self.model, part.layer, part.head)
        head, norm = self._heads[part], self.model.blocks[part.layer].ln1
        normed = {id(x): norm(x) for x in (q, k, v)}
        pattern = head.pattern(normed[id(q)], normed[id(k)], at)
        if isinstance(site, Moved):
            pattern = heads.only_from(site.by, pattern, at)
        return head.mix(pattern, normed[id(v)], at)

    def computes_single(self, site: Part | Moved) -> bool:
        """Whether a head of this model is computed by itself; else its layer runs as a whole."""
        return self._by_head[depth(site)[0]]

    def mlp(
        self, layer: int, x: Float[Tensor, "sample pos d_model"]
    ) -> Float[Tensor, "sample pos d_model"]:
        """What an MLP writes after reading this stream."""
        block = self.model.blocks[layer]
        return block.mlp(block.ln2(x))

    def logits(self, x: Float[Tensor, "sample pos d_model"]) -> Float[Tensor, "sample pos d_vocab"]:
        """The logits at the end of this stream."""
        return self.model.unembed(self.model.ln_final(x))

    def write(self, site: Site, value: Tensor) -> Float[Tensor, "sample pos d_model"]:
        """What a site adds to the stream, from its value (for a head, its z)."""
        head = site.head if isinstance(site, Moved) else site
        if isinstance(head, Stream) or head.kind != "head":
            return value
        return value @ self.model.blocks[head.layer].attn.W_O[head.head]

    def bias(self, layer: int) -> Tensor:
        """What the attention of a layer adds whatever its heads do."""
        found = getattr(self.model.blocks[layer].attn, "b_O", None)
        return torch.zeros((), device=self.device) if found is None else found

    def n_attention(self, reader: Site) -> int:
        """How many layers of attention lie below a reader."""
        layer, place = depth(reader)
        return min(self.n_layers, layer + (place > 0))

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.model.parameters()).device

    def _learn_options(self, tokens: Tensor) -> None:
        """What each attention is called with, besides its input, for sequences of this length."""
        handles = [
            block.attn.register_forward_pre_hook(self._remember, with_kwargs=True)
            for block in self.model.blocks
        ]
        try:
            with torch.no_grad():
                self.model(tokens)
        finally:
            for handle in handles:
                handle.remove()

    def _remember(self, module: Any, args: Any, options: dict[str, Any]) -> None:
        state = {"past_key_values": None, "past_key_value": None, "use_cache": False}
        self._options.append(options | {k: v for k, v in state.items() if k in options})

    def _check_pieces(self, tokens: Tensor) -> None:
        streams = hooks.streams(self.model)
        writers = [hooks.embed()]
        if circuits.POSITIONS in circuits.parts(self.model):
            writers.append(hooks.positions())
        mlps = [] if self.model.cfg.attn_only else range(self.n_layers)
        names = [*streams, *writers, *map(hooks.mlp_out, mlps)]
        names += [name(i) for i in range(self.n_layers) for name in (hooks.z, hooks.attn_out)]
        logits, seen = hooks.capture(self.model, tokens, names)
        sum_of_writers = seen[writers[0]] + sum(seen[name] for name in writers[1:])
        self._same(sum_of_writers, seen[streams[0]], "the embeddings are not all of stream 0")
        for layer in range(self.n_layers):
            x = seen[streams[layer]]
            z, written = self.attention(layer, x, x, x)[0], self.bias(layer)
            for index in range(z.shape[2]):
                written = written + self.write(circuits.head(layer, index), z[:, :, index])
            what = f"the heads of layer {layer} do not add up to its attention"
            self._same(written, seen[hooks.attn_out(layer)], what)
            self._by_head.append(heads.reproduces(self.model, layer, x, self.attention))
            if layer in mlps:
                written = written + self.mlp(layer, x + written)
            what = f"layer {layer} does not add its attention and then its MLP to the stream"
            self._same(x + written, seen[streams[layer + 1]], what)
        self.n_tokens = logits.shape[-1]
        what = "the logits are not the unembedding of the normed stream"
        self._same(self.logits(seen[streams[-1]]), logits, what)

    def _same(self, found: Tensor, expected: Tensor, what: str) -> None:
        scale = expected.abs().max().item() + 1e-6
        error = (found - expected).abs().max().item() / scale
        if not error < TOLERANCE.get(expected.dtype, 1e-3):
            raise ValueError(
                f"this model cannot be scrubbed: {what} (relative error {error:.1e}). Needed is "
                "a residual stream that is the plain sum of its writers, as in GPT-2 or Llama"
            )


def picked(
    x: Float[Tensor, "sample pos k"], at: Int[Tensor, "#sample place"]
) -> Float[Tensor, "sample place k"]:
    """Some positions of each sample."""
    return x.take_along_dim(at[..., None], dim=1)


def _put(value: Tensor) -> hooks.HookFunction:
    return lambda x, hook: value


def _keep(seen: dict[str, Tensor], name: str) -> hooks.HookFunction:
    def keep(x: Tensor, hook: Any) -> None:
        seen[name] = x

    return keep
