"""What runs inside a sandbox as the kernel of one submission."""

from collections.abc import Sequence


def main(argv: Sequence[str]) -> None:
    """Run a kernel with these arguments until it is told to end."""
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(list(argv))
