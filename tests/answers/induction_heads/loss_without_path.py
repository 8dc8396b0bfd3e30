"""Answers to "cut one path" as students write them."""

import torch

from interp_course import training

EXERCISE = "loss_without_path"


def _output(model, tokens, head):
    _, cache = model.run_with_cache(tokens, names_filter="blocks.0.attn.hook_z")
    return (cache["blocks.0.attn.hook_z"][:, :, head] @ model.W_O[0, head]).detach()


def _loss(model, tokens, name, function, first=1):
    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, function)])
    period = (tokens.shape[1] - 1) // 2
    return training.next_token_loss(logits, tokens)[:, period + first :].mean()


def everywhere(model, tokens, head, projection):
    output = _output(model, tokens, head)
    return _loss(
        model,
        tokens,
        "blocks.1.hook_resid_pre",
        lambda x, hook: x - output + output.mean(dim=(0, 1)),
    )


def hook_z_instead(model, tokens, head, projection):
    def ablate(z, hook):
        z = z.clone()
        z[:, :, head] = z[:, :, head].mean(dim=(0, 1))
        return z

    return _loss(model, tokens, "blocks.0.attn.hook_z", ablate)


def zero_ablation(model, tokens, head, projection):
    output = _output(model, tokens, head)
    name = f"blocks.1.attn.{projection}.hook_in"
    return _loss(model, tokens, name, lambda x, hook: x - output)


def mean_by_position(model, tokens, head, projection):
    output = _output(model, tokens, head)
    name = f"blocks.1.attn.{projection}.hook_in"
    return _loss(model, tokens, name, lambda x, hook: x - output + output.mean(dim=0))


def forgets_to_return(model, tokens, head, projection):
    output = _output(model, tokens, head)

    def replace(x, hook):
        x = x - output + output.mean(dim=(0, 1))

    return _loss(model, tokens, f"blocks.1.attn.{projection}.hook_in", replace)


def always_the_keys(model, tokens, head, projection):
    output = _output(model, tokens, head)
    name = "blocks.1.attn.k.hook_in"
    return _loss(model, tokens, name, lambda x, hook: x - output + output.mean(dim=(0, 1)))


def counts_the_first_token(model, tokens, head, projection):
    output = _output(model, tokens, head)
    name = f"blocks.1.attn.{projection}.hook_in"
    return _loss(model, tokens, name, lambda x, hook: x - output + output.mean(dim=(0, 1)), 0)


def whole_sequence(model, tokens, head, projection):
    output = _output(model, tokens, head)
    with torch.no_grad():
        logits = model.run_with_hooks(
            tokens,
            fwd_hooks=[
                (
                    f"blocks.1.attn.{projection}.hook_in",
                    lambda x, hook: x - output + output.mean(dim=(0, 1)),
                )
            ],
        )
    return training.next_token_loss(logits, tokens).mean()


def all_heads(model, tokens, head, projection):
    output = sum(_output(model, tokens, h) for h in range(model.cfg.n_heads))
    name = f"blocks.1.attn.{projection}.hook_in"
    return _loss(model, tokens, name, lambda x, hook: x - output + output.mean(dim=(0, 1)))


WRONG = {
    everywhere: "residual stream",
    hook_z_instead: "residual stream",
    zero_ablation: "zero ablation",
    mean_by_position: "still knows the position",
    forgets_to_return: "does your hook return",
    always_the_keys: "keys are edited whatever",
    counts_the_first_token: "nothing can foresee",
    whole_sequence: "all positions",
    all_heads: "all heads of layer 0",
}


def a_tensor(model, tokens, head, projection):
    output = _output(model, tokens, head)
    name = f"blocks.1.attn.{projection}.hook_in"
    return _loss(model, tokens, name, lambda x, hook: x - (output - output.mean(dim=(0, 1))))


def through_the_mean_of_z(model, tokens, head, projection):
    _, cache = model.run_with_cache(tokens)
    z = cache["blocks.0.attn.hook_z"][:, :, head].detach()
    change = (z.mean(dim=(0, 1)) - z) @ model.W_O[0, head]
    name = f"blocks.1.attn.{projection}.hook_in"
    return _loss(model, tokens, name, lambda x, hook: x + change).item()


RIGHT = [a_tensor, through_the_mean_of_z]
