"""The conformance run: every operation by its real client, every answer held against its model.

Run by tests/door/conformance.rs with the environment of `ginnel env`; prints a table. An
operation that Ginnel carries out (it has a line in crates/control/src/api/dispatch) and that no
case calls successfully fails the run, and so does any element that a model does not know.
"""

import importlib
import pathlib
import re
import sys
import time
import tomllib
import traceback

import botocore
from botocore.exceptions import ClientError

import lab
import selfcheck

ROOT = pathlib.Path(__file__).resolve().parents[4]
DISPATCH = ROOT / "crates/control/src/api/dispatch"
SCENARIOS = ["vpc", "route", "peering", "group", "interface", "gateway", "prefix_list", "flow_log", "endpoint",
             "service", "elbv2", "sts", "iam", "sns", "others", "errors"]
# Carried out, and never with success: Ginnel has no instances.
FAULTS_ONLY = {("ec2", "AttachNetworkInterface"), ("ec2", "DetachNetworkInterface")}
# Modules are named by service, except these.
MODULES = {"service-quotas": "quotas", "resourcegroupstaggingapi": "tagging"}


def operations():
    """(service, operation) of everything that is decoded."""
    with open(ROOT / "data/operations.toml", "rb") as file:
        listed = tomllib.load(file)
    return [(service, name) for service, names in listed.items() for name in names]


def carried_out():
    """(service, operation) of everything that has a handler."""
    found = set()
    for service in {service for service, _ in operations()}:
        file = DISPATCH / f"{MODULES.get(service, service)}.rs"
        text = file.read_text() if file.exists() else ""
        for name in re.findall(r"^\s*(?:read|write|done|door)\s+(\w+)\s", text, re.MULTILINE):
            found.add((service, name))
    return found


def main(names):
    print(f"the check itself: {selfcheck.run()} faults put in, all noticed")
    book = lab.Book()
    bench = lab.Lab(book)
    succeeded = book.succeeded
    supported = carried_out()
    failures, stopped = [], []
    begun = time.monotonic()
    for name in names or SCENARIOS:
        first = len(lab.CASES)
        importlib.import_module(name)
        for run in lab.CASES[first:]:
            title = f"{name}.{run.__name__}"
            try:
                run(bench)
            except ClientError as error:
                refused = {name for service, name in book.refused - supported}
                if error.response["Error"]["Code"] == "UnsupportedOperation" and error.operation_name in refused:
                    stopped.append(f"{title} stopped at {error.operation_name}, which is refused")
                else:
                    failures.append(f"{title}: {told(error)}")
            except Exception as error:  # noqa: BLE001 - a case may fail in any way
                failures.append(f"{title}: {told(error)}")
    width = max(len(f"{service} {name}") for service, name in operations())
    print(f"{'operation':{width}}  cases  result")
    bad = 0
    for key in operations():
        problems = book.problems[key]
        if problems:
            result, bad = f"{len(problems)} DEVIATIONS", bad + 1
        elif succeeded[key]:
            result = "ok"
        elif key in FAULTS_ONLY and book.answers[key]:
            result = "ok, refuses"
        elif key in supported:
            # With a part of the scenarios only, the others' operations are no failure.
            result, bad = "NO CASE", bad + (0 if names else 1)
        else:
            result = "refused"
        codes = ", ".join(sorted(book.codes[key]))
        row = f"{' '.join(key):{width}}  {book.answers[key]:5}  {result}" + (f"; provoked {codes}" if codes else "")
        if not names or book.answers[key]:
            print(row)
    for key, problems in book.problems.items():
        for problem, body in problems.items():
            print(f"DEVIATION {' '.join(key)}: {problem}\n      in {body}")
    for line in stopped:
        print(line)
    for line in failures:
        print(f"FAILED {line}")
    answers, done = sum(book.answers.values()), sum(1 for key in operations() if succeeded[key])
    print(
        f"{done} of {len(operations())} decoded operations carried out, {answers} answers checked, "
        f"{len({code for codes in book.codes.values() for code in codes})} error codes provoked, "
        f"{len(failures)} cases failed, {bad} operations not conforming; botocore {botocore.__version__}, "
        f"{time.monotonic() - begun:.0f} s"
    )
    return 1 if failures or bad else 0


def told(error):
    """An error with the line of the scenario that it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    here = [frame for frame in frames if "/conformance/" in frame.filename and "run.py" not in frame.filename]
    where = here[-1] if here else frames[-1]
    line = " <- ".join(f"{pathlib.Path(f.filename).name}:{f.lineno}" for f in reversed(here)) or where
    return f"{type(error).__name__}: {error}\n    at {line}: {where.line}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
