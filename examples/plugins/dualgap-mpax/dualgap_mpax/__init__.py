"""MPAX's PDHG as a solver of dualgap: its name, and where the class is; MPAX is imported when it solves."""

from dualgap import hookimpl


@hookimpl
def dualgap_solvers() -> dict[str, str]:
    return {"pdhg@mpax": "dualgap_mpax.solver:Mpax"}
