"""Find circuits by patching: sweeps, paths, attributions, tests of a circuit, pruning.

`metrics` says what a run is worth and `effects` on which scale a patched run is read. `sweeps`
patches heads, MLPs and streams; `paths` single edges and paths; `attribution` estimates all
edges from gradients; `faithfulness` and `criteria` test a circuit; `pruning` finds one. The
names of parts and edges are those of `interp_course.circuits`.
"""
