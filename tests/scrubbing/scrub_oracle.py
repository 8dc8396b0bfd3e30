"""Causal scrubbing as the paper writes it: one sample, one node, one head at a time, in float64.

Shares no code with the library. It has a forward pass of its own, made from weights alone, keeps
what every writer contributes in a table of its own (heads split by where they read from), and
replaces entries of the table, where the library adds differences.
"""

import numpy as np


class Net:
    """A transformer in numpy. ``layers`` is a list of dicts with the weights of a layer."""

    def __init__(self, W_E, W_pos, layers, final, W_U, rotate=None):
        self.W_E, self.W_pos, self.layers = W_E, W_pos, layers
        self.final, self.W_U, self.rotate = final, W_U, rotate
        self.n_heads = len(layers[0]["W_Q"])

    def head(self, layer, head, q, k, v):
        """What a head writes, split by distance to the source: ``[distance, pos, d_model]``."""
        w, length = self.layers[layer], len(q)
        group = head * len(w["W_K"]) // self.n_heads
        q = norm(w["ln1"], q) @ w["W_Q"][head] + w["b_Q"][head]
        k = norm(w["ln1"], k) @ w["W_K"][group] + w["b_K"][group]
        v = norm(w["ln1"], v) @ w["W_V"][group] + w["b_V"][group]
        if self.rotate is not None:
            q, k = self.rotate(q), self.rotate(k)
        scores = q @ k.T / np.sqrt(q.shape[1])
        written = np.zeros((length, length, w["W_O"].shape[2]))
        for query in range(length):
            weights = np.exp(scores[query, : query + 1] - scores[query, : query + 1].max())
            weights /= weights.sum()
            for key in range(query + 1):
                written[query - key, query] = weights[key] * v[key] @ w["W_O"][head]
        return written

    def writers(self):
        """(name, depth) in the order of computation."""
        found = [(("embed",), (-1, 0))]
        if self.W_pos is not None:
            found.append((("positions",), (-1, 0)))
        for i, w in enumerate(self.layers):
            found += [(("head", i, h), (i, 0)) for h in range(self.n_heads)]
            found.append((("bias", i), (i, 0)))
            if "mlp" in w:
                found.append((("mlp", i), (i, 1)))
        return found

    def contributions(self, tokens):
        """What every writer adds on one sequence, by writer (and distance)."""
        table = {}
        for name, depth in self.writers():
            stream = total(table, depth)
            if name[0] == "embed":
                table[name, depth] = self.W_E[tokens]
            elif name[0] == "positions":
                table[name, depth] = self.W_pos[: len(tokens)]
            elif name[0] == "bias":
                table[name, depth] = np.broadcast_to(self.layers[name[1]]["b_O"], stream.shape)
            elif name[0] == "mlp":
                table[name, depth] = self.mlp(name[1], stream)
            else:
                for distance, part in enumerate(self.head(*name[1:], stream, stream, stream)):
                    table[(*name, distance), depth] = part
        return table

    def mlp(self, layer, stream):
        w = self.layers[layer]
        return w["mlp"](norm(w["ln2"], stream))

    def logits(self, stream):
        return norm(self.final, stream) @ self.W_U


def total(table, below):
    """The stream that a reader of this depth reads."""
    return sum((value for (_, depth), value in table.items() if depth < below), np.zeros(()))


def norm(parameters, x):
    kind, weight, bias, eps = parameters
    if kind == "none":
        return x
    if kind == "LN":
        x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + eps) * weight + bias


class Oracle:
    """Runs a plan's integers through a `Net`."""

    def __init__(self, net, plan):
        self.net, self.plan, self.memory = net, plan, {}

    def on_row(self, row):
        row = int(row)
        if row not in self.memory:
            self.memory[row] = self.net.contributions(self.plan.tokens[row].cpu().numpy())
        return self.memory[row]

    def logits(self, sample, position):
        """The scrubbed logits of one sample: run_scrub on the root."""
        root = self.plan.draws[0]
        if root.node.edges is None:
            return self.net.logits(total(self.on_row(root.rows[sample]), (1 << 40, 0)))[position]
        (stream,) = self.reads(0, sample)
        return self.net.logits(stream)[position]

    def value(self, i, reference):
        """What node i writes, ``[pos, d_model]``, for one of its references."""
        draw = self.plan.draws[i]
        if draw.rows.ndim == 1:
            return self.on_one_row(i, reference, draw.rows[reference])
        length = draw.rows.shape[1]
        columns = [
            self.on_one_row(i, reference * length + j, draw.rows[reference, j])[j]
            for j in range(length)
        ]
        return np.stack(columns)

    def on_one_row(self, i, entry, row):
        """The same for one row that it is computed on; ``entry`` counts them."""
        draw = self.plan.draws[i]
        if draw.node.edges is None:
            return self.clean(draw.node.site, row)
        streams = self.reads(i, entry)
        name, keys = self.names(draw.node.site)
        if name == "stream":
            return streams[0]
        if name == "mlp":
            return self.net.mlp(keys[0][1], streams[0])
        parts = self.net.head(keys[0][1], keys[0][2], *streams)
        return sum(parts[key[3]] for key in keys)

    def clean(self, site, row):
        table = self.on_row(row)
        _, keys = self.names(site)
        return sum(value for (name, _), value in table.items() if name in keys)

    def names(self, site):
        """The kind of a site, and the entries of the table that it stands for."""
        text, length = type(site).__name__, self.plan.tokens.shape[1]
        if text == "Moved":
            return "head", [("head", site.head.layer, site.head.head, site.by)]
        if text == "Stream":
            return "stream", [n for n, d in self.on_row(0) if d < (site.layer, -1)]
        if site.kind == "head":
            return "head", [("head", site.layer, site.head, d) for d in range(length)]
        return site.kind, [("mlp", site.layer)] if site.kind == "mlp" else [(site.kind,)]

    def depth(self, site):
        text = type(site).__name__
        if text == "Stream":
            return (site.layer, -1)
        site = site.head if text == "Moved" else site
        return {"head": (site.layer, 0), "mlp": (site.layer, 1)}.get(site.kind, (1 << 40, 0))

    def other(self, i, entry):
        """The table of the unimportant inputs of node i."""
        others = self.plan.draws[i].others
        if self.plan.unimportant != "each":
            return self.on_row(others[entry])
        rows = {str(w): others[entry, c] for c, w in enumerate(self.plan.writers)}
        mixed = {}
        for (name, depth), value in self.on_row(0).items():
            text = {"head": "L{1}.H{2}", "mlp": "L{1}.MLP"}.get(name[0], "{0}").format(*name)
            mixed[name, depth] = self.on_row(rows[text])[name, depth] if text in rows else value
        return mixed

    def reads(self, i, entry):
        """The stream of each slot of node i."""
        draw = self.plan.draws[i]
        mine = draw.rows.flatten()[entry]
        kind = self.names(draw.node.site)[0] if str(draw.node.site) != "logits" else "logits"
        tables = {s: dict(self.other(i, entry)) for s in ("qkv" if kind == "head" else ("in",))}
        for c, child in enumerate(self.plan.draws):
            if child.parent != i:
                continue
            scrubbed = self.value(c, entry)
            where = np.ones((len(scrubbed), 1))
            if child.carried is not None:
                where = child.carried[mine].numpy()[:, None].astype(float)
            inside = np.eye(scrubbed.shape[1])
            if child.edge.subspace is not None:
                inside = child.edge.subspace.basis.T.numpy() @ child.edge.subspace.basis.numpy()
            _, keys = self.names(child.node.site)
            for slot in child.edge.slots:
                for (name, depth), old in tables[slot].items():
                    if name in keys:
                        tables[slot][name, depth] = old - where * (old @ inside)
                tables[slot][("scrubbed", c), (-2, 0)] = where * (scrubbed @ inside)
        return [total(table, self.depth(draw.node.site)) for table in tables.values()]
