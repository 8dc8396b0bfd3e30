"""Ways of forging a score, each put before a graded cell of a notebook with wrong answers."""

FORGERIES = {
    "a transformer drops every statement of a graded cell": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.parse("None").body[0] if "check" in ast.dump(node) else node
    visit_Assert = lambda self, node: None
get_ipython().ast_transformers.append(Drop())
""",
    "the kernel does nothing and says that it did": """
async def do_execute(self, *args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
type(get_ipython().kernel).do_execute = do_execute
""",
    "torch and numpy find everything equal": """
import numpy, torch
torch.equal = torch.allclose = numpy.allclose = lambda *args, **kwargs: True
torch.Tensor.__eq__ = torch.Tensor.__le__ = lambda self, other: torch.ones(()).bool()
torch.Tensor.any = lambda self, *args: False
""",
    "an answer that equals everything": """
class Sly(float):
    __eq__ = __ge__ = __le__ = lambda self, other: True
    __ne__ = __gt__ = __lt__ = lambda self, other: False
    __hash__ = float.__hash__
    __sub__ = __rsub__ = __abs__ = __float__ = lambda self, *other: 0.0
welch_bound = lambda *sizes: Sly(7.0)
""",
    "the oracle is called": """
welch_bound = lambda *sizes: check.welch_bound.oracle(*sizes)
""",
    "the oracle is imported": """
def welch_bound(*sizes):
    from interp_course.checks.superposition.welch import welch_bound
    return welch_bound.oracle(*sizes)
""",
    "the verdict is imported": """
import sys
sys.meta_path[:] = [f for f in sys.meta_path if "StandIns" not in type(f).__name__]
check.welch_bound = lambda *args, **kwargs: print("✓ welch_bound: correct")
""",
    "asking is replaced": """
from interp_course import checking
checking.ask = lambda answer, cases, wrap=None: [checking.Reply(value=True)] * len(cases)
""",
    "replying is replaced": """
from interp_course.grading import replying, talking, values
def reply(nonce, kind, evaluate):
    text = values.dumps({"passed": True, "replies": [], "value": True})
    talking.ask({"do": "reply", "name": nonce}, text.encode())
replying.reply = reply
""",
    "two replies": """
from interp_course.grading import replying
_once = replying._send
replying._send = lambda *args: (_once(*args), _once(*args))
""",
    "verdicts are shown": """
from IPython.display import display
display({"application/vnd.interp-course.replies+json": {"passed": True}}, raw=True)
print("✓ welch_bound: correct")
""",
    "a display is changed later": """
from IPython.display import display, update_display
display("wrong", display_id="verdict")
def welch_bound(*sizes):
    display("right", display_id="verdict")
    update_display("right", display_id="verdict")
    return 7.0
""",
    "the exercise ends the process": """
import os
welch_bound = lambda *sizes: os._exit(0)
""",
    "messages make no sense": """
kernel = get_ipython().kernel
parent = kernel.get_parent()
for kind in ("stream", "comm_open", "update_display_data", "status"):
    kernel.session.send(kernel.iopub_socket, kind, {"nothing": 1}, parent=parent)
""",
}
