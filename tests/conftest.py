"""What all tests share."""

import pulumi
import pytest
from hypothesis import settings

from rehearsal.record import PROJECT
from tests import upstream

# How long an example takes says nothing about the code.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# Importing a package of an SDK imports all its classes, and deprecated ones warn then, though nobody here uses them.
WARNINGS = (
    "ignore:NodeGroup uses AWS EC2 LaunchConfiguration:DeprecationWarning:pulumi_eks",
    "ignore:aws\\.[\\w/.]+ has been deprecated in favor of:DeprecationWarning:pulumi_aws",
)


def pytest_configure(config: pytest.Config) -> None:
    """Let these warnings pass, any other is an error; outside of a program, the project is that of the examples."""
    pulumi.runtime.settings.SETTINGS.project = PROJECT
    for warning in WARNINGS:
        config.addinivalue_line("filterwarnings", warning)


QUICK_STACKS = ("dev", "prod", "fargate")
"""The stacks whose lives on the engine a pull request needs: each kind of compute, of ingress and of network."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which `make test` leaves out what `make test-all` runs as well."""
    parser.addoption("--quick", action="store_true", help="leave out what is thorough, and stacks' lives on the engine")


LONGEST_FIRST = (
    "test_scenarios.py",
    "test_life.py",
    "test_placement.py",
    "test_failures.py",
    "test_stack_lives.py",
    "test_interrupts.py",
    "test_day2.py",
)
"""Files that take minutes, in the order in which they start; what else runs on the engine follows."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first, so that the workers end together; leave out, with `--quick`, what is thorough.

    The Makefile keeps pytest-xdist from ordering the files by their number of tests, of which the longest have few.
    """
    items.sort(key=_turn)
    if not config.getoption("--quick"):
        return
    left = [item for item in items if _is_thorough(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if not _is_thorough(item)]


def _turn(item: pytest.Item) -> int:
    if item.path.name in LONGEST_FIRST:
        return LONGEST_FIRST.index(item.path.name)
    return len(LONGEST_FIRST) + (item.get_closest_marker("engine") is None)


def _is_thorough(item: pytest.Item) -> bool:
    if item.get_closest_marker("thorough"):
        return True
    stack = (
        item.callspec.params.get("stack") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    )
    return bool(item.get_closest_marker("engine")) and isinstance(stack, str) and stack not in QUICK_STACKS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each part of a simulated stack's life took."""
    ended = terminalreporter.stats.get("", [])
    for line in [value for report in ended for name, value in report.user_properties if name == "simulated"]:
        terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say last, after a check of the stack files, what was not checked: a skipped test is easily overlooked."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if config.getoption("markexpr") != "own" or reporter is None or hasattr(config, "workerinput"):
        return
    reasons = [report.longrepr[2].removeprefix("Skipped: ") for report in reporter.stats.get("skipped", [])]
    for line in upstream.unchecked(reasons):
        reporter.write_line(line)
