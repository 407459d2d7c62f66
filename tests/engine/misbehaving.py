"""Solvers that hang, crash, hoard, chatter and raise; loaded by path, as ``--plugin`` does."""

import ctypes
import os
import signal
import subprocess
import threading
from dataclasses import dataclass

import numpy as np

import dualgap as dg


class _Knapsack(dg.Solver):
    accepts = (dg.Knapsack,)


def packed(problem, count):
    """The first ``count`` items."""
    counts = np.zeros(problem.size, dtype=np.int64)
    counts[:count] = 1
    return problem.answer_type(counts=counts)


class Hang(_Knapsack):
    name = "hang"

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 1), bound=100)
        threading.Event().wait()


class Polite(_Knapsack):
    name = "polite"

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 1))
        while not ctx.should_stop():
            threading.Event().wait(0.01)
        return dg.Claim(point=packed(problem, 2), feasible=True, stop=dg.Stop.TIME)


class Crash(_Knapsack):
    name = "crash"

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 1))
        os.write(2, b"about to fall over\n")
        ctypes.string_at(0)


@dataclass(frozen=True)
class Hoard(_Knapsack):
    name = "hoard"
    megabytes: int = 4000

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 1))
        kept = [np.ones(2**17) for _ in range(self.megabytes)]
        threading.Event().wait()
        return kept


class Chatter(_Knapsack):
    name = "chatter"

    def solve(self, problem, ctx):
        os.write(1, b"solver's own words\n" * 10000)
        print("more words")
        return dg.Claim(point=packed(problem, 2), feasible=True)


class Raise(_Knapsack):
    name = "raise"

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 1))
        raise RuntimeError("the solver tripped")


class Late(_Knapsack):
    name = "late"

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 1))
        ctx.report(point=packed(problem, 2), bound=77)
        threading.Thread(target=self.babble, args=(problem, ctx), daemon=True).start()
        raise RuntimeError("tripped after a report that waits to be sent")

    def babble(self, problem, ctx):
        for _ in range(100):
            threading.Event().wait(0.01)
            ctx.report(point=packed(problem, 1), bound=66)


class Child(_Knapsack):
    name = "child"

    def solve(self, problem, ctx):
        child = subprocess.Popen(["sleep", "1000"])
        ctx.report(point=packed(problem, 1), bound=child.pid)
        threading.Event().wait()


class Orphan(_Knapsack):
    """Its fork holds the worker's pipes open after it has died."""

    name = "orphan"

    def solve(self, problem, ctx):
        child = os.fork()
        if child == 0:
            signal.pause()
        ctx.report(bound=child)
        os._exit(3)


class Deaf(_Knapsack):
    """Closes whatever is open, the worker's own pipe among it."""

    name = "deaf"

    def solve(self, problem, ctx):
        os.closerange(3, 1024)
        threading.Event().wait()


class Chatty(_Knapsack):
    name = "chatty"

    def solve(self, problem, ctx):
        while True:
            ctx.report(point=packed(problem, 1))
            threading.Event().wait(0.01)


class Exit(_Knapsack):
    name = "exit"

    def solve(self, problem, ctx):
        os._exit(3)


class Lost(_Knapsack):
    name = "lost"

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 2), bound=50)
        return dg.Claim(stop=dg.Stop.TIME)


class Interrupted(_Knapsack):
    name = "interrupts-itself"

    def solve(self, problem, ctx):
        ctx.report(point=packed(problem, 1))
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(30)
        return dg.Claim(stop=dg.Stop.FINISHED)
