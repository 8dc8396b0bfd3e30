"""Widgets say in words what they show, refuse what is not a pattern, and repeat themselves."""

import json
import re
import urllib.request
from collections import Counter
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import torch
from reading_cases import small_reading

import interp_course.widgets
from interp_course.circuits import LOGITS
from interp_course.scrubbing import SAME, Node
from interp_course.widgets import (
    AttentionExplorer,
    FeatureDashboard,
    HypothesisTree,
    PatchingMap,
    SteeringSlider,
    SuperpositionViewer,
    attention_heads,
    circuitsvis_view,
    colored_tokens,
)

TOKENS = ["<bos>", " a", "</script>", "&amp;"]
WRONG = (ValueError, TypeError)  # the shape checks of the test run raise TypeErrors
FOLDER = Path(interp_course.widgets.__file__).parent


def causal(*shape: int) -> torch.Tensor:
    """Attention patterns drawn at random."""
    scores = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    return (scores + torch.full(shape[-2:], float("-inf")).triu(1)).softmax(-1)


def explorer(**options) -> AttentionExplorer:
    return AttentionExplorer(TOKENS, causal(2, 3, 4, 4), **options)


def html(view) -> str:
    return view._repr_mimebundle_()[0]["text/html"]


def views() -> dict:
    values = torch.tensor([0.5, -1.0, 0.0, 2.0])
    return {
        "explorer": explorer(),
        "slider": SteeringSlider("<bos>", [0.0, 1.0], [" a", ""], {"</b>": [0.5, 0.25]}),
        "viewer": SuperpositionViewer(
            torch.eye(2).expand(2, 2, 2), [0.0, 1.0], None, ["<bos>", "&"]
        ),
        "dashboard": FeatureDashboard(small_reading()),
        "tree": HypothesisTree(Node(LOGITS, SAME, name="<bos>")),
        "map": PatchingMap(torch.eye(2, 4), TOKENS),
        "heads": attention_heads(TOKENS, causal(3, 4, 4)),
        "tokens": colored_tokens(TOKENS, values),
        "other": circuitsvis_view(
            "ColoredTokensMulti", {"tokens": TOKENS, "values": values[:, None]}, label="A value."
        ),
    }


def test_the_sentence_by_hand():
    pattern = torch.tensor([[[[1.0, 0.0, 0.0], [0.2, 0.8, 0.0], [0.3, 0.1, 0.6]]]])
    said = AttentionExplorer(["a", "b", "c"], pattern).sentence(0, 0, 2)
    expected = "L0.H0: token 2 “c” attends most to token 2 “c” (0.60), then to token 0 “a” (0.30)"
    assert said == f"{expected} and token 1 “b” (0.10)."


def test_weights_of_nothing_are_not_mentioned():
    said = AttentionExplorer(["a", "b"], torch.eye(2)[None, None]).sentence(0, 0, 1)
    assert said == "L0.H0: token 1 “b” attends most to token 1 “b” (1.00)."


def test_the_description_has_a_line_for_each_head():
    lines = explorer().describe().splitlines()
    assert [line[:6] for line in lines] == [f"L{i}.H{j}:" for i in range(2) for j in range(3)]


def test_the_description_follows_the_chosen_token():
    view = explorer()
    view.position = 1
    assert all(": token 1 “·a” attends most to" in line for line in view.describe().splitlines())


def test_the_last_token_is_chosen_first():
    assert explorer().position == 3


@pytest.mark.parametrize("name", ["layer", "head", "position"])
def test_a_choice_out_of_range_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f"{name} must be between 0 and"):
        explorer(**{name: 4})


@pytest.mark.parametrize("name", ["layer", "head", "position"])
def test_a_later_choice_out_of_range_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be between 0 and"):
        setattr(explorer(), name, 9)


def test_the_weights_travel_as_one_byte_each():
    view = explorer()
    sent = np.frombuffer(view.data, dtype=np.uint8).reshape(2, 3, 4, 4)
    assert np.abs(sent / 255 - causal(2, 3, 4, 4).numpy()).max() <= 0.5 / 255 + 1e-6


def test_half_precision_patterns_are_accepted():
    view = AttentionExplorer(TOKENS, causal(1, 1, 4, 4).to(torch.bfloat16))
    assert view.shape == [1, 1]


@pytest.mark.parametrize("shape", [(4, 4), (3, 4, 4), (1, 3, 4, 5), (2, 0, 4, 4)])
def test_patterns_of_another_shape_are_refused(shape):
    with pytest.raises(WRONG, match="patterns"):
        AttentionExplorer(TOKENS, torch.full(shape, 0.25))


def test_tokens_must_be_as_many_as_positions():
    with pytest.raises(ValueError, match=r"tokens has 3 entries.*\(1, 1, 4, 4\)"):
        AttentionExplorer(TOKENS[:3], causal(1, 1, 4, 4))


def test_scores_are_not_patterns():
    with pytest.raises(ValueError, match="after the softmax, not the scores"):
        AttentionExplorer(TOKENS, 5 * torch.ones(1, 1, 4, 4))


def test_missing_weights_are_not_patterns():
    with pytest.raises(ValueError, match=r"patterns must lie in \[0, 1\]"):
        AttentionExplorer(TOKENS, torch.full((1, 1, 4, 4), float("nan")))


def test_swapped_axes_are_recognised():
    with pytest.raises(ValueError, match="are the last two axes swapped"):
        AttentionExplorer(TOKENS, causal(1, 1, 4, 4).mT)


def test_too_many_tokens_are_refused():
    with pytest.raises(ValueError, match="257 entries; at most 256"):
        AttentionExplorer(["a"] * 257, torch.eye(257)[None, None])


@pytest.mark.parametrize("kind", views())
def test_stored_outputs_are_the_same_in_every_session(kind, monkeypatch):
    stored = []
    for _ in range(2):
        ipywidgets.Widget.close_all()  # as a new session has none
        monkeypatch.setattr("interp_course.widgets.described._instances", Counter())
        stored.append(views()[kind]._repr_mimebundle_())
    ipywidgets.Widget.close_all()
    assert stored[0] == stored[1]


def test_equal_widgets_in_one_session_have_ids_of_their_own():
    assert explorer().model_id != explorer().model_id


def test_widgets_with_other_content_never_share_an_id():
    other = AttentionExplorer(TOKENS, torch.eye(4)[None, None])
    assert explorer().model_id.split("-")[0] != other.model_id.split("-")[0]


@pytest.mark.parametrize("kind", views())
def test_every_view_has_words_for_plain_text(kind):
    text = views()[kind]._repr_mimebundle_()[0]["text/plain"]
    assert "object at 0x" not in text
    assert len(text) > 20


@pytest.mark.parametrize("kind", views())
def test_the_fallback_has_neither_scripts_nor_style_sheets(kind):
    assert not re.search(r"<(script|style|svg|link)\b", html(views()[kind]))


@pytest.mark.parametrize(
    "kind", [*("explorer", "slider", "viewer", "dashboard"), *("tree", "map", "tokens")]
)
def test_the_fallback_shows_tokens_as_they_are_written(kind):
    assert "<bos>" not in html(views()[kind])
    assert "&lt;bos&gt;" in html(views()[kind])


def test_the_heads_say_what_the_last_token_attends_to():
    said = attention_heads(["a", "b"], torch.eye(2)[None], names=["L0.H0"]).describe()
    assert said.splitlines()[1:] == ["L0.H0: b (token 1), 1.00"]


def test_coloured_tokens_say_their_values():
    said = colored_tokens(["a", "b"], torch.tensor([1.0, -2.0]), quantity="logit").describe()
    assert said.splitlines() == ["2 tokens coloured by logit, from -2 to 1.", "a: 1", "b: -2"]


def test_the_colour_scale_is_symmetric():
    props = json.loads(colored_tokens(["a", "b"], torch.tensor([1.0, -2.0])).props)
    assert (props["minValue"], props["maxValue"]) == (-2.0, 2.0)


def test_tokens_cannot_become_tags():
    sent = json.loads(views()["tokens"].props)["tokens"]
    assert not any(re.search(r"<[a-z/!?]|&[a-z#]", token) for token in sent)


def test_an_invisible_character_is_all_that_is_added_to_tokens():
    sent = json.loads(views()["tokens"].props)["tokens"]
    assert [token.replace("\u2060", "") for token in sent] == TOKENS


def test_labels_on_the_canvas_are_left_alone():
    assert json.loads(views()["heads"].props)["tokens"] == TOKENS


@pytest.mark.parametrize(("pattern", "masked"), [(causal(1, 4, 4), True), ([[0.5] * 2] * 2, False)])
def test_the_upper_triangle_is_hidden_only_where_it_is_empty(pattern, masked):
    pattern = torch.as_tensor(pattern).reshape(1, len(pattern[0]), -1)
    view = attention_heads(TOKENS[: pattern.shape[-1]], pattern)
    assert json.loads(view.props)["maskUpperTri"] is masked


def test_the_library_reaches_the_notebook_once():
    assert len({id(views()[kind].library) for kind in ("heads", "tokens", "other")}) == 1


def test_a_new_library_is_made_when_all_widgets_were_closed():
    first = views()["heads"].library
    first.close()
    assert views()["heads"].library.comm is not None


def test_the_library_is_never_stored_in_the_notebook():
    assert all(len(str(view._repr_mimebundle_())) < 10_000 for view in views().values())


def test_nothing_asks_the_network(monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("asked"))
    for view in views().values():
        view._repr_mimebundle_()


def test_the_deprecated_element_is_refused_with_its_replacement():
    with pytest.raises(ValueError, match="use attention_heads"):
        circuitsvis_view("AttentionPatterns", {}, label="x")


def test_an_unknown_element_is_refused_with_a_list():
    with pytest.raises(ValueError, match=r"ColoredTokens.*got 'Nothing'"):
        circuitsvis_view("Nothing", {}, label="x")


def test_every_listed_element_is_in_the_library():
    source = views()["heads"].library.source
    assert all(f"{name}:()=>" in source for name in interp_course.widgets.from_circuitsvis.ELEMENTS)


def test_a_view_without_words_is_refused():
    with pytest.raises(ValueError, match="label is empty"):
        circuitsvis_view("ColoredTokens", {}, label=" ")


@pytest.mark.parametrize("make", [colored_tokens, attention_heads])
def test_data_that_do_not_fit_their_tokens_are_refused(make):
    data = torch.zeros(3) if make is colored_tokens else torch.zeros(1, 3, 3)
    with pytest.raises(ValueError, match="tokens has 4 entries"):
        make(TOKENS, data)


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="values has values that are not finite"):
        colored_tokens(["a"], torch.tensor([float("nan")]))


@pytest.mark.parametrize(
    "name",
    [
        *("attention_explorer", "circuitsvis_view", "feature_dashboard"),
        *("steering_slider", "superposition_viewer", "shared"),
        *("question_card", "hypothesis_tree", "patching_map"),
    ],
)
def test_scripts_put_texts_into_the_page_as_texts_only(name):
    namespace = "http://www.w3.org/2000/svg"  # a name that nobody asks for
    script = (FOLDER / f"{name}.js").read_text().replace(namespace, "")
    assert not re.search(r"innerHTML|insertAdjacentHTML|https?://", script)
