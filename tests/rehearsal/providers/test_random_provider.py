"""pulumi-random for the engines: defaults, what replaces, characters that can be compared."""

from __future__ import annotations

import base64

import pytest

from arm.values import UNKNOWN
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError
from rehearsal.providers.random import RandomProvider

STRING, ID = "random:index/randomString:RandomString", "random:index/randomId:RandomId"
DEFAULTS = {
    **dict.fromkeys(("lower", "upper", "numeric", "number", "special"), True),
    **dict.fromkeys(("minLower", "minUpper", "minNumeric", "minSpecial"), 0),
}
provider = RandomProvider()


def existing(inputs: Properties) -> ExistingResource:
    return ExistingResource("urn", STRING, "id", inputs, inputs)


def checked(**given: object) -> Properties:
    return provider.check("urn", STRING, {}, {"length": 5, **given})


def characters(urn: str, **given: object) -> str:
    resource_id, outputs = provider.create(urn, STRING, checked(**given), preview=False)
    assert resource_id == outputs["result"]
    return resource_id


def test_check_fills_the_upstream_defaults_in() -> None:
    assert checked() == {"length": 5, **DEFAULTS}


def test_the_deprecated_name_of_numeric_means_the_same() -> None:
    assert checked(number=False) == {"length": 5, **DEFAULTS, "number": False, "numeric": False}
    assert checked(numeric=False) == checked(number=False)


def test_only_characters_that_were_asked_for_come() -> None:
    assert characters("urn", length=40, special=False, upper=False, numeric=False).islower()
    assert characters("urn", length=40, special=False, upper=False, lower=False).isdigit()


def test_characters_follow_from_urn_and_inputs() -> None:
    first = characters("urn:a", keepers={"name": "x"})
    assert characters("urn:a", keepers={"name": "x"}) == first
    assert characters("urn:b", keepers={"name": "x"}) != first
    assert characters("urn:a", keepers={"name": "y"}) != first


def test_an_id_comes_in_the_forms_of_pulumi_random() -> None:
    assert provider.check("urn", ID, {}, {"byteLength": 8, "keepers": None}) == {"byteLength": 8}
    resource_id, outputs = provider.create("urn", ID, {"byteLength": 8, "prefix": "x-"}, preview=False)
    hexadecimal, decimal = outputs["hex"].removeprefix("x-"), outputs["dec"].removeprefix("x-")
    assert len(hexadecimal) == 16 and int(hexadecimal, 16) == int(decimal)
    assert outputs["b64Url"] == f"x-{resource_id}" and len(resource_id) == 11
    assert base64.b64decode(outputs["b64Std"].removeprefix("x-")).hex() == hexadecimal
    preview = provider.create("urn", ID, {"byteLength": 8}, preview=True)
    assert preview == ("", {"byteLength": 8, **dict.fromkeys(("b64Std", "b64Url", "dec", "hex"), UNKNOWN)})


def test_a_successor_is_another_one_and_the_same_in_every_rehearsal() -> None:
    def draw(times: int) -> list[str]:
        used: list[str] = []
        for _ in range(times):
            used.append(RandomProvider(used.__contains__).create("urn", ID, {"byteLength": 8}, preview=False)[1]["hex"])
        return used

    assert len(set(draw(3))) == 3 and draw(3) == draw(3)


def test_a_changed_keeper_replaces() -> None:
    old, new = checked(keepers={"name": "x"}), checked(keepers={"name": "y"})
    assert provider.diff(existing(old), new, ()).replaces == ("keepers",)
    assert provider.diff(existing(old), new, ["keepers"]) == Diff()
    assert provider.diff(existing(old), old, ()) == Diff()


def test_a_preview_does_not_know_the_characters() -> None:
    assert provider.create("urn", STRING, checked(), preview=True) == ("", {**checked(), "result": UNKNOWN})


def test_what_the_state_holds_is_what_there_is() -> None:
    outputs = {**checked(), "result": "abcde"}
    read = provider.read(ExistingResource("urn", STRING, "abcde", checked(), outputs))
    assert (read.resource_id, read.inputs, read.outputs) == ("abcde", checked(), outputs)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"minLower": 2}, "does not do minLower"),
        ({"overrideSpecial": "!"}, "nor overrideSpecial"),
        (dict.fromkeys(("lower", "upper", "numeric", "special"), False), "at least one of lower"),
    ],
)
def test_what_is_not_done_is_refused_by_name(given: dict[str, object], told: str) -> None:
    with pytest.raises(ProviderError, match=told):
        characters("urn", **given)


def test_other_types_updates_and_functions_are_refused() -> None:
    with pytest.raises(ProviderError, match="does not know random:index/randomPet:RandomPet"):
        provider.check("urn", "random:index/randomPet:RandomPet", {}, {})
    with pytest.raises(ProviderError, match="every changed input replaces"):
        provider.update(existing({}), {}, preview=False)
    with pytest.raises(ProviderError, match="does not know the function"):
        provider.invoke("random:index/getX:getX", {})
