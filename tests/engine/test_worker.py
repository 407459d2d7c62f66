"""Whatever a backend does, a run ends in an answer with the best so far."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

import dualgap
from dualgap.engine.pool import IDLE, POOL, Pool
from dualgap.engine.process import Setting
from dualgap.plugins import registry as module

PLUGIN = Path(__file__).parent / "misbehaving.py"
PROBLEM = dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)


@pytest.fixture(autouse=True)
def misbehaving(registered):
    module.registry().load_path(PLUGIN)
    yield
    POOL.close()


def test_a_hanging_solver_is_stopped_at_the_limit_and_its_incumbent_kept():
    began = time.monotonic()
    run = dualgap.solve(PROBLEM, "hang", time=1.5)
    assert time.monotonic() - began < 10  # it would hang for ever; the limit is held within a second when idle
    assert run.stop == "time"
    assert run.certificate.value == 3
    assert run.certificate.bound == 100
    assert run.certificate.verdict == "feasible"
    assert [point.value for point in run.trace] == [3, 3]


def test_a_solver_that_listens_hands_in_its_best_at_the_limit():
    run = dualgap.solve(PROBLEM, "polite", time=1.5)
    assert run.stop == "time"
    assert run.certificate.value == 7


def test_a_native_crash_keeps_the_incumbent_and_says_what_happened():
    run = dualgap.solve(PROBLEM, "crash", time=20)
    assert run.stop == "error"
    assert "SIGSEGV" in run.message
    assert "about to fall over" in run.message
    assert run.certificate.value == 3
    again = dualgap.solve(PROBLEM, "polite", time=0.5)
    assert again.certificate.verdict == "feasible"


def test_an_exit_leaves_the_trivial_answer():
    run = dualgap.solve(PROBLEM, "exit", time=20)
    assert run.stop == "error"
    assert "exit code 3" in run.message
    assert run.certificate.value == 0
    assert run.certificate.verdict == "feasible"


def test_a_memory_limit_ends_the_run_and_keeps_the_incumbent():
    run = dualgap.solve(PROBLEM, "hoard", time=30, memory=500 * 2**20)
    assert run.stop == "memory"
    assert run.certificate.value == 3
    assert run.peak_memory > 500 * 2**20


def test_an_exception_keeps_the_incumbent_and_its_traceback():
    run = dualgap.solve(PROBLEM, "raise", time=20)
    assert run.stop == "error"
    assert "the solver tripped" in run.message
    assert "misbehaving.py" in run.error
    assert run.certificate.value == 3


@pytest.mark.parametrize("isolate", [True, False])
def test_a_report_that_waits_when_the_solver_trips_is_kept_and_none_reaches_the_next_run(isolate):
    tripped = dualgap.solve(PROBLEM, "late", time=20, isolate=isolate)
    assert (tripped.stop, tripped.certificate.value, tripped.certificate.bound) == ("error", 7, 77)
    after = dualgap.solve(PROBLEM, "polite", time=1, isolate=isolate)
    assert after.certificate.bound is None
    assert {point.bound for point in after.trace} == {None}


def test_two_threads_take_a_worker_each():
    with ThreadPoolExecutor(2) as threads:
        runs = list(threads.map(lambda name: dualgap.solve(PROBLEM, name, time=20), ["highs", "lost"] * 3))
    assert [run.certificate.value for run in runs] == [9, 7] * 3


def test_an_incumbent_that_the_solver_loses_at_a_limit_is_kept():
    run = dualgap.solve(PROBLEM, "lost", time=20)
    assert run.certificate.value == 7
    assert run.certificate.bound == 50


def test_what_a_backend_prints_stays_off_stdout(capfd, tmp_path):
    dualgap.solve(PROBLEM, "chatter", time=20)
    dualgap.solve(PROBLEM, "chatter", time=20, log=str(tmp_path / "log.txt"))
    assert capfd.readouterr().out == ""
    assert "solver's own words" in (tmp_path / "log.txt").read_text()


def test_children_of_a_backend_end_with_it():
    pids: list[int] = []
    dualgap.solve(PROBLEM, "child", time=1.5, on_progress=lambda snapshot: pids.append(int(snapshot.bound)))
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=5)
    assert pids
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_a_child_that_outlives_the_worker_does_not_keep_the_run():
    run = dualgap.solve(PROBLEM, "orphan", time=60)
    assert run.stop == "error"
    assert "exit code 3" in run.message
    assert run.certificate.value == 0
    pid = int(run.certificate.bound)
    child = [psutil.Process(pid)] if psutil.pid_exists(pid) else []
    _, alive = psutil.wait_procs(child, timeout=10)  # it has been killed; the system takes its time to bury it
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_a_worker_that_closes_its_pipe_is_a_crash():
    run = dualgap.solve(PROBLEM, "deaf", time=60)
    assert run.stop == "error"
    assert "closed its pipe" in run.message


def test_the_limit_holds_while_a_worker_reads_nothing():
    dualgap.solve(PROBLEM, "highs", time=20)
    worker = POOL._idle[-1]
    os.kill(worker.process.pid, signal.SIGSTOP)
    ones = np.ones(50_000)  # more than a pipe holds
    run = dualgap.solve(dualgap.Knapsack(values=ones, weights=ones, capacity=5), "highs", time=0.5)
    assert run.stop == "time"
    assert worker.process.returncode == -signal.SIGKILL


def test_the_limit_holds_where_progress_is_followed_slowly():
    run = dualgap.solve(PROBLEM, "chatty", time=1.5, on_progress=lambda snapshot: threading.Event().wait(0.3))
    assert run.stop == "time"
    assert run.certificate.value == 3


def test_a_few_workers_wait_and_the_longest_idle_one_goes():
    pool = Pool()
    workers = [pool.take(Setting(threads=1 + k)) for k in range(IDLE + 1)]
    for worker in workers:
        pool.give_back(worker)
    assert [worker.alive for worker in workers] == [False] + [True] * IDLE
    assert pool.take(workers[2].setting) is workers[2]
    pool.close()
    workers[2].kill()
    assert not any(worker.alive for worker in workers)


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dualgap.solve(PROBLEM, "highs", time=20)
    assert not list(tmp_path.iterdir())
    worker = POOL._idle[-1]
    worker.process.kill()
    worker.process.wait()
    assert dualgap.solve(PROBLEM, "highs", time=20).certificate.value == 9
    assert not any(thread.is_alive() for thread in worker.threads)
    assert worker.log.closed


def test_an_unknown_backend_failure_does_not_poison_the_next_run():
    runs = [dualgap.solve(PROBLEM, name, time=20) for name in ("raise", "highs", "crash", "highs")]
    assert [run.certificate.verdict for run in runs] == ["feasible", "optimal", "feasible", "optimal"]


def test_in_process_gives_the_same_answer_and_says_so():
    inside, outside = (dualgap.solve(PROBLEM, "highs", isolate=isolate) for isolate in (False, True))
    assert inside.answer == outside.answer
    assert (inside.isolated, outside.isolated) == (False, True)


def test_what_is_registered_here_runs_in_process(registered):
    class Mine(dualgap.Solver):
        name, accepts = "mine", (dualgap.Knapsack,)

        def solve(self, problem, ctx):
            return dualgap.Claim(point=problem.trivial(), feasible=True)

    dualgap.register(Mine())
    run = dualgap.solve(PROBLEM, "mine")
    assert not run.isolated
    assert run.certificate.value == 0


SCRIPT = """
import dualgap
problem = dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)
print(dualgap.solve(problem, "highs", time=60).certificate.value)
"""


def test_a_script_without_a_main_guard_works(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("9\n", 0)


def test_stdin_works():
    done = subprocess.run([sys.executable, "-"], input=SCRIPT, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("9\n", 0)


def test_a_module_named_like_a_dependency_in_the_working_directory_does_no_harm(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('the wrong numpy')")
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.returncode) == ("9\n", 0)


INTERRUPTIBLE = f"""
import dualgap
from dualgap.plugins.registry import registry
registry().load_path({str(PLUGIN)!r})
problem = dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)
run = dualgap.solve(problem, NAME, time=60, isolate=ISOLATE, on_progress=lambda snapshot: print("going", flush=True))
print(run.stop, run.certificate.value)
"""


@pytest.mark.parametrize(("name", "value"), [("hang", 3), ("polite", 7)])
def test_an_interrupt_ends_in_the_best_so_far(name, value):
    script = INTERRUPTIBLE.replace("NAME", repr(name)).replace("ISOLATE", "True")
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out.splitlines()[-1] == f"interrupted {value}"


def test_an_interrupt_in_process_ends_in_the_best_so_far():
    script = INTERRUPTIBLE.replace("NAME", "'interrupts-itself'").replace("ISOLATE", "False")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "interrupted 3"


def test_the_worker_dies_with_its_parent():
    script = INTERRUPTIBLE.replace("NAME", "'hang'").replace("ISOLATE", "True")
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    process.kill()
    process.communicate(timeout=30)
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not [worker for worker in alive if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]


def test_after_a_fork_the_child_takes_a_worker_of_its_own():
    script = (
        SCRIPT
        + "import os\nif os.fork() == 0:\n    "
        + SCRIPT.strip().splitlines()[-1]
        + "\n    os._exit(0)\nos.wait()"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout == "9\n9\n"
    assert os.getpid() != 0


@pytest.mark.slow
def test_a_dask_worker_works():
    distributed = pytest.importorskip("distributed")
    script = """
import dualgap
from distributed import Client, LocalCluster

def task(_):
    problem = dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)
    return dualgap.solve(problem, "highs", time=60).certificate.value

if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            print(client.gather(client.map(task, [1, 2])))
"""
    assert distributed
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.stdout == "[9, 9]\n", done.stderr


@pytest.mark.slow
def test_a_notebook_works():
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SCRIPT)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert notebook.cells[0].outputs[0].text == "9\n"
