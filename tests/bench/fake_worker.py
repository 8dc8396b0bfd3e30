"""A worker that takes no steps: it says what it is told to, and notes when it is asked.

Arguments: how it behaves, a file for its notes, its name, seconds for each turn; then the job.
"""

import json
import sys

behaviour, notes, name, seconds = sys.argv[1:5]
if behaviour == "crashes at once":
    raise ModuleNotFoundError("No module named 'peer'")
print(json.dumps({"ready": True, "base": 100}), flush=True)
turns = iter([2.0, *map(float, seconds.split(","))])  # the warm-up first
for line in sys.stdin:
    with open(notes, "a") as file:
        file.write(f"{name} {line}")
    if behaviour == "crashes":
        raise RuntimeError("out of luck")
    if behaviour == "talks":
        print("Hello!", flush=True)
        continue
    turn = next(turns)
    print(json.dumps({"cpu": turn, "wall": 10 * turn, "peak": 300}), flush=True)
