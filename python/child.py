"""What the programs here share: each is a child process that takes paths and leaves one JSON file."""

import json
import os
import resource

PROGRESS_FD = 3


class Progress:
    """Tells on file descriptor 3, if there is one, of each whole second of the work once, in the form of
    ffmpeg's -progress."""

    def __init__(self):
        self.told = 0
        try:
            self.output = os.fdopen(PROGRESS_FD, "w", buffering=1)
        except OSError:
            self.output = None

    def tell(self, seconds):
        if self.output and int(seconds) > self.told:
            self.told = int(seconds)
            self.output.write(f"out_time_us={self.told * 1_000_000}\n")


def limit_memory(bytes_max):
    try:
        resource.setrlimit(resource.RLIMIT_AS, (bytes_max, bytes_max))
    except (ValueError, OSError):
        # macOS has no such limit.
        pass


def write_result(path, result):
    """Writes a JSON file that appears only when it is complete."""
    unfinished = path + ".part"
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(result, file, separators=(",", ":"))
    os.replace(unfinished, path)
