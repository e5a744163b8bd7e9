"""What a core makes of the one dear step of a request when it does nothing else: how near a figure could come to it at best."""

from __future__ import annotations

import subprocess
from typing import Final, Literal

from bench.machine import CHECKOUT, CannotMeasure, pinned, python
from bench.place import Bench

Step = Literal["argon2", "rs256"]

LONGEST: Final = 1.0
"""Seconds for which signing is measured: it is the same thousands of times a second."""


def argon2_limit(bench: Bench, *cores: int) -> float:
    """Hashes a second that one thread makes on the measured server's core, or one on each of these at once, while the server rests."""
    return _alone("argon2", bench.plan.seconds, cores or (bench.cores.server,))


def rs256_limit(bench: Bench) -> float:
    """Signatures a second, likewise."""
    return _alone("rs256", min(LONGEST, bench.plan.seconds), (bench.cores.server,))


def _alone(step: Step, seconds: float, cores: tuple[int, ...]) -> float:
    under_way = []
    for core in cores:
        with pinned(core):
            command = python("-m", f"bench.{step}_limit", str(seconds))
            under_way.append(
                subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
    told = [process.communicate() for process in under_way]
    if any(process.returncode for process in under_way):
        raise CannotMeasure(f"{step} could not be measured: {told[0][1][-1000:]}")
    return sum(float(said) for said, _ in told)
