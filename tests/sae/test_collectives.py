"""Without other processes nothing is exchanged; with them a batch is shared out equally.

What several processes compute together is tested in test_sae_processes.
"""

import pytest
import torch

from interp_course import collectives

VALUES = torch.arange(6.0).view(6, 1)


def test_one_process_exchanges_nothing():
    assert (collectives.processes(), collectives.rank()) == (1, 0)
    assert collectives.mean(VALUES) is VALUES
    assert collectives.anywhere(VALUES > 2).tolist() == (VALUES > 2).tolist()
    assert torch.equal(collectives.gathered(VALUES), VALUES[None])
    assert torch.equal(collectives.my_rows(VALUES), VALUES)


@pytest.mark.parametrize("processes", [2, 3, 6])
def test_every_row_belongs_to_one_process(processes, monkeypatch):
    monkeypatch.setattr(collectives, "processes", lambda: processes)
    parts = []
    for rank in range(processes):
        monkeypatch.setattr(collectives, "rank", lambda rank=rank: rank)
        parts.append(collectives.my_rows(VALUES))
    assert len({len(part) for part in parts}) == 1
    assert torch.equal(torch.cat(parts), VALUES)


def test_a_batch_that_cannot_be_shared_equally_is_refused(monkeypatch):
    monkeypatch.setattr(collectives, "processes", lambda: 4)
    with pytest.raises(ValueError, match="6 rows cannot be divided among 4 processes"):
        collectives.my_rows(VALUES)
