"""The harness with a model of two resource types and nothing else: what another project has to bring."""

from dataclasses import replace

import pulumi
import pulumi_aws as aws
import pytest

from harness import RefusedError
from harness.component import Expand
from harness.kind import Answer, Kind, NotFoundError, Place, Properties, UnmodelledError, autoname
from harness.model import Model
from harness.plan import Plan
from harness.properties import UNKNOWN
from harness.record import record

KINDS = {
    "pulumi:providers:aws": Kind("provider"),
    "aws:sqs/queue:Queue": Kind("queue/{name}", outputs={"url": "https://{region}/{id}"}, defaults={"name": autoname}),
}


def _kind_of(type_: str) -> Kind:
    if type_ not in KINDS:
        raise UnmodelledError(type_)
    return KINDS[type_]


def _answer_of(token: str) -> Answer:
    def answer(arguments: Properties, place: Place) -> Properties:
        if not place.world.find("aws:sqs/queue:Queue", "name", arguments["name"]):
            raise NotFoundError(f"no queue {arguments['name']}")
        return {"id": "there", "name": arguments["name"]}

    return answer


def _expand_of(type_: str) -> Expand:
    raise UnmodelledError(type_)


MODEL = Model(_kind_of, _answer_of, _expand_of, region_of=lambda config: config.get("where", "here"))


def _queue() -> None:
    queue = aws.sqs.Queue("jobs", name="jobs")
    pulumi.export("url", queue.url)


def _plan(*, unknown: bool = False, **config: str) -> Plan:
    return record(_queue, model=MODEL, project="other", unknown=unknown, config=config)


def test_the_models_answers_are_the_programs_outputs() -> None:
    assert _plan().exports == {"url": "https://here/queue/jobs"}
    assert _plan(where="there").exports == {"url": "https://there/queue/jobs"}
    assert _plan(unknown=True).exports == {"url": UNKNOWN}


def test_the_project_is_the_callers() -> None:
    assert _plan().one(type="aws:sqs/queue:Queue").urn == "urn:pulumi:dev::other::aws:sqs/queue:Queue::jobs"


def test_what_the_model_lacks_is_refused() -> None:
    def program() -> None:
        aws.sns.Topic("news")

    with pytest.raises(UnmodelledError, match="aws:sns/topic:Topic"):
        record(program, model=MODEL, project="other")


def test_what_the_model_limits_is_refused() -> None:
    limited = replace(MODEL, limits=lambda _type, inputs: {"name": f"{inputs['name']} is too long"})
    with pytest.raises(RefusedError, match="name: jobs is too long"):
        record(_queue, model=limited, project="other")


def test_an_invoke_sees_what_there_is() -> None:
    def program() -> None:
        queue = aws.sqs.Queue("jobs", name="jobs")
        pulumi.export("found", queue.id.apply(lambda _id: aws.sqs.get_queue_output(name="jobs").name))

    assert record(program, model=MODEL, project="other").exports == {"found": "jobs"}
