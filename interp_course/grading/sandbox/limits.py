"""How much of the machine one submission may use."""

from dataclasses import asdict, dataclass, fields

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Upper bounds for one submission; reaching one never touches another submission."""

    memory: int = 4096 * MIB
    """Bytes of private memory of one process: beyond it an allocation fails."""
    memory_in_all: int = 6144 * MIB
    """Bytes of memory of all its processes: beyond it the kernel is stopped."""
    processes: int = 128
    """Processes and threads: beyond it no further one starts, or the kernel is stopped."""
    cpu_seconds: int = 900
    """Processor time of one process."""
    wall_seconds: int = 1800
    """Time from the start of the kernel to its end."""
    file_size: int = 200 * MIB
    """Bytes in one file."""
    folder_size: int = 256 * MIB
    """Bytes in each of the temporary folder, home, the working folder and shared memory."""
    open_files: int = 512

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{field.name} is {value!r}: expected a whole number of 1 or more")

    def as_dict(self) -> dict[str, int]:
        """The limits by name, to be sent into a sandbox."""
        return asdict(self)
