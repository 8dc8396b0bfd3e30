"""What the methods cost, measured beside the obvious way or beside other libraries.

`lens` and `circuits` compare with transformer-lens, in one process. `sae` compares a training step
of a sparse autoencoder with those of other libraries: these need an environment of their own
(`peers`), and every implementation a process of its own (`processes`). `grading` compares
with nbgrader's own command, both sides in processes of their own.
"""
