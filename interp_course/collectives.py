"""The few operations between processes that data-parallel training needs.

Started with ``torchrun`` and ``torch.distributed.init_process_group``, several processes train
one model, each on its own rows of every batch. Without a process group there is one process
and everything here returns its argument, so the same code runs in both cases.
"""

import torch
from torch import Tensor
from torch import distributed as dist


def processes() -> int:
    """How many processes train together; 1 without a process group."""
    return dist.get_world_size() if _together() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return dist.get_rank() if _together() else 0


def mean(values: Tensor) -> Tensor:
    """The mean over the processes, entry by entry."""
    if processes() == 1:
        return values
    total = values.detach().clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total / processes()


def anywhere(mask: Tensor) -> Tensor:
    """True where a mask is True in at least one process."""
    if processes() == 1:
        return mask
    counts = mask.to(torch.int32)
    dist.all_reduce(counts)
    return counts > 0


def gathered(values: Tensor) -> Tensor:
    """The values of all processes, in a new first axis. All must have the same shape."""
    if processes() == 1:
        return values[None]
    parts = [torch.empty_like(values) for _ in range(processes())]
    dist.all_gather(parts, values.contiguous())
    return torch.stack(parts)


def share_first(values: Tensor) -> None:
    """Give the values of process 0 to all processes, in place."""
    if processes() > 1:
        copy = values.detach().contiguous()
        dist.broadcast(copy, src=0)
        values.data.copy_(copy)


def my_rows(batch: Tensor) -> Tensor:
    """This process's equal share of a batch that all processes have.

    Raises:
        ValueError: If the rows cannot be divided equally.
    """
    if len(batch) % processes():
        raise ValueError(
            f"a batch of {len(batch)} rows cannot be divided among {processes()} processes: "
            f"take a multiple of {processes()}"
        )
    share = len(batch) // processes()
    return batch[rank() * share : (rank() + 1) * share]


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()
