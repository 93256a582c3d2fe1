"""Models and events as JSON and back, and Control's methods as they are asked over HTTP.

All of it follows from annotations: those of the models' and events' dataclasses, and those of the Control protocol. A
field or a method that is added there is carried without a word here. Moments are ISO 8601 with ``+00:00``, enums their
values, bytes base64.
"""

from __future__ import annotations

import base64
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, TypeAdapter, ValidationError, create_model
from pydantic_core import SchemaSerializer, core_schema

from kingtui import events
from kingtui.control import Control
from kingtui.events import Event
from kingtui.models import KingError, Scope, WrongUse, iso

T = TypeVar("T")

READING = frozenset({
    "status", "history", "run", "run_log", "symbols", "symbol_page", "symbol_history", "data", "report", "reports",
    "report_days", "report_text", "report_figure", "images", "image_counts", "picture", "picture_data", "picture_marks",
    "preview", "logs", "settings", "services", "choices",
})  # fmt: skip
TRIGGERING = frozenset({
    "trigger", "cancel", "pause", "resume", "add_picture", "retry", "reread", "choose", "push_mirror",
})  # fmt: skip
ADMINISTERING = frozenset({
    "restart", "set_api", "login", "login_start", "login_qr", "login_code", "login_password", "login_cancel", "logout",
})  # fmt: skip
"""Named so that a test can tell what nobody has judged yet, which needs as much as these."""
_LARGEST = 2**63 - 1
"""A whole number that a database can hold."""


class Unreadable(KingError):
    """What came is not of the shape that it should have."""


def dump(value: Any, of: Any = None) -> Any:
    """A model, an event or anything made of them as JSON data. ``of``: its type, where that is no class of its own."""
    kind: Any = type(value) if of is None else of
    return _serializer(kind).to_python(value, mode="json")


def load(of: type[T], data: Any) -> T:
    """What ``dump`` made of a value, as that value. Fields that this version does not know are left out. Unreadable."""
    kind: Any = of
    try:
        return cast("T", _adapter(kind).validate_python(data))
    except ValidationError as error:
        raise Unreadable(_sentence(error)) from None


@dataclass(frozen=True, slots=True)
class Method:
    """A method of Control as it is asked over HTTP: ``{"args": {name: value}}``, answered by ``{"result": value}``."""

    name: str
    arguments: Mapping[str, Any]
    """Their types by name."""
    required: frozenset[str]
    result: Any
    """The type of the answer."""
    scope: Scope
    """What who asks must be allowed. A method that nobody has judged yet needs the most."""

    def dump_arguments(self, given: Mapping[str, Any]) -> bytes:
        """The body of a question."""
        question, arguments = _question(self.name)
        filled = question.model_construct(args=arguments.model_construct(**given))
        return _serializer(question).to_json(filled, exclude_unset=True)

    def load_arguments(self, body: bytes) -> dict[str, Any]:
        """The arguments that a body gives, by name. Raises WrongUse."""
        question, _ = _question(self.name)
        try:
            args = question.model_validate_json(body or b"{}").args  # type: ignore[attr-defined]
        except ValidationError as error:
            raise WrongUse(f"{self.name}: {_sentence(error)}") from None
        given = {name: getattr(args, name) for name in args.model_fields_set}
        for name, value in given.items():
            if isinstance(value, int) and abs(value) > _LARGEST:
                raise WrongUse(f"{self.name}: args.{name} is {str(value)[:30]}…: at most {_LARGEST} is allowed")
        return given

    def dump_result(self, value: Any) -> bytes:
        """The body of an answer."""
        answer = _answer(self.name)
        return _serializer(answer).to_json(answer.model_construct(result=value))

    def load_result(self, body: bytes) -> Any:
        """The answer that a body gives. Raises Unreadable."""
        try:
            return _answer(self.name).model_validate_json(body).result  # type: ignore[attr-defined]
        except ValidationError as error:
            raise Unreadable(f"{self.name}: {_sentence(error)}") from None


def _methods() -> dict[str, Method]:
    found = {}
    for name, function in inspect.getmembers(Control, inspect.isfunction):
        if name.startswith("_") or not inspect.iscoroutinefunction(function):
            continue  # events() has a channel of its own
        hints = get_type_hints(function)
        result = hints.pop("return")
        parameters = inspect.signature(function).parameters
        required = frozenset(known for known in hints if parameters[known].default is inspect.Parameter.empty)
        scope = Scope.READ if name in READING else Scope.TRIGGER if name in TRIGGERING else Scope.ADMIN
        found[name] = Method(name, hints, required, result, scope)
    return found


METHODS: Mapping[str, Method] = _methods()
"""Every method of Control but ``events``, by name."""


def event_name(event: type[Event]) -> str:
    """How an event is called on the wire: ``run_started`` for RunStarted."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


EVENTS: Mapping[str, type[Event]] = {
    event_name(found): found
    for found in vars(events).values()
    if inspect.isclass(found) and issubclass(found, Event) and found not in (Event, events.AttachmentChanged)
}
"""Every event by its name on the wire, but what tells of the wire itself."""


@cache
def _question(name: str) -> tuple[type[BaseModel], type[BaseModel]]:
    """The model of ``{"args": …}`` and that of the arguments in it."""
    method = METHODS[name]
    fields: dict[str, Any] = {
        known: (_carried(hint), ... if known in method.required else None) for known, hint in method.arguments.items()
    }
    arguments = create_model("Arguments", __config__=ConfigDict(extra="forbid"), **fields)
    return create_model("Question", args=(arguments, ... if method.required else arguments())), arguments


@cache
def _answer(name: str) -> type[BaseModel]:
    return create_model("Answer", result=(_carried(METHODS[name].result), ...))


def _carried(hint: Any) -> Any:
    return _Bytes if hint is bytes else hint


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError as error:
        raise ValueError(f"this is no base64: {error}") from None


_Bytes = Annotated[bytes, PlainValidator(_decoded), PlainSerializer(lambda data: base64.b64encode(data).decode())]


@cache
def _adapter(of: Any) -> TypeAdapter[Any]:
    return TypeAdapter(of)


@cache
def _serializer(of: Any) -> SchemaSerializer:
    """As pydantic makes it, but with moments as every other answer of ours has them."""
    return SchemaSerializer(_with_our_moments(_adapter(of).core_schema))


_OUR_MOMENT = core_schema.plain_serializer_function_ser_schema(iso, when_used="json")


def _with_our_moments(schema: Any) -> Any:
    if isinstance(schema, dict):
        made = {name: _with_our_moments(part) for name, part in schema.items()}
        return made | {"serialization": _OUR_MOMENT} if schema.get("type") == "datetime" else made
    if isinstance(schema, list | tuple):
        return type(schema)(_with_our_moments(part) for part in schema)
    return schema


def _sentence(error: ValidationError) -> str:
    """What the first of its problems is, and where."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    text = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {text}" if where else text
