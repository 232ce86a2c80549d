import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from harness.engine.store import Resource, Store, values_at

WRITER = """
import sys
from pathlib import Path
from harness.engine.store import Resource, Store

store, name = Store(Path(sys.argv[1])), sys.argv[2]
for number in range(10_000):
    with store.change() as cloud:
        thing = cloud.add(Resource("t", f"{name}-{number}", {}, {"number": number}))
        cloud.log("urn", "t", thing.id, "create", "start")
        cloud.put(thing)
        cloud.log("urn", "t", thing.id, "create", "end")
    print(number, flush=True)
"""


def test_a_kill_in_the_middle_of_a_write_leaves_whole_steps_only(tmp_path: Path) -> None:
    Store(tmp_path)
    for attempt in range(5):
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path), str(attempt)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            printed = [next(writer.stdout) for _ in range(20 + attempt)]
            writer.kill()
        store = Store(tmp_path)
        ids = [resource.id for resource in store.resources() if resource.id.startswith(f"{attempt}-")]
        started = [e.id for e in store.events() if e.phase == "start" and e.id.startswith(f"{attempt}-")]
        ended = [e.id for e in store.events() if e.phase == "end" and e.id.startswith(f"{attempt}-")]

        assert ids == started == ended
        assert len(ids) >= len(printed)


def test_threads_share_it(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def write(name: str) -> None:
        for number in range(20):
            with store.change() as cloud:
                cloud.add(Resource("t", f"{name}{number}", {}, {}))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.resources()) == 80


def test_a_step_that_raises_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def add(*, then: Exception | None) -> None:
        with store.change() as cloud:
            cloud.add(Resource("t", "a", {}, {}))
            if then:
                raise then

    with pytest.raises(RuntimeError):
        add(then=RuntimeError())
    assert store.resources() == []
    add(then=None)
    assert [resource.id for resource in store.resources()] == ["a"]


def test_values_lie_behind_lists_too() -> None:
    value = {"actions": [{"groups": [{"arn": "a"}, {"arn": "b"}]}, {"groups": []}, {}]}

    assert values_at(value, "actions.groups.arn") == ["a", "b"]
    assert values_at(value, "nothing.here") == []
