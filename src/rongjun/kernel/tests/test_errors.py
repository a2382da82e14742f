import pickle

import pytest

from rongjun.kernel.errors import Refused, Unfit


def test_a_refusal_says_its_code_and_keeps_its_parameters() -> None:
    refusal = Refused("registry.identity-number-taken", code="x", person="p-1")
    assert str(refusal) == "registry.identity-number-taken"
    assert refusal.params == {"code": "x", "person": "p-1"}
    assert "p-1" not in repr(refusal)


def test_errors_survive_the_way_to_another_process() -> None:
    refusal = pickle.loads(pickle.dumps(Refused("a.b", days=3)))
    unfit = pickle.loads(pickle.dumps(Unfit("a.b", "写错了。")))
    assert (refusal.code, refusal.params) == ("a.b", {"days": 3})
    assert (unfit.code, str(unfit)) == ("a.b", "写错了。")


def test_an_unfit_text_is_a_value_error_that_reads_as_its_sentence() -> None:
    with pytest.raises(ValueError, match=r"^写错了。$"):
        raise Unfit("a.b", "写错了。")


@pytest.mark.parametrize("code", ["no-area", "Area.item", "a.b.c", "a.", ""])
def test_a_badly_formed_code_is_our_own_mistake(code: str) -> None:
    with pytest.raises(AssertionError):
        Refused(code)
