"""Causal scrubbing: test a hypothesis about a network by exchanging what it says may be.

Write a hypothesis as a tree of `Node` and `Edge`, then ``Scrubber(model, tokens,
labels).test(hypothesis)`` says how much of the network's behaviour is left.
"""
