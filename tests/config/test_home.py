"""A home's file: what is read, what each mistake is told, and what never shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.home import load_home, load_homes
from tests.config.conftest import as_an_ordinary_user


def refused(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_home(path)
    sentence = str(caught.value)
    assert caught.value.setting == "BRIDGE_HOMES_DIR"
    assert sentence.startswith(f"The home file {path} ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert caught.value.__suppress_context__
    return sentence


def test_the_shortest_home_has_the_documented_defaults(home_file):
    home = load_home(home_file())

    assert (home.id, home.prefix, home.secure, home.mosaic.note_type) == ("EXH", "EXH", False, "SAFEINT")
    assert home.daily_log.category == "Safety intervention"
    assert (home.thresholds.long_hold_minutes, home.thresholds.repeat_days) == (10, 7)
    assert (home.thresholds.remind_before_hours, home.thresholds.escalate_after_hours) == (12, 24)
    assert not home.parents.mail


def test_the_example_of_the_manual_is_a_good_home_file(tmp_path):
    manual = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    example = manual.split("```toml")[1].split("```")[0]
    (tmp_path / "exh.toml").write_text(example, "utf-8")

    home = load_home(tmp_path / "exh.toml")

    assert home.also_notify[0].duties == ("senior_manager_notified",)
    assert home.known_as[0].names == ("Bee",)


MISTAKES = {
    "an unknown field": ('[mosaic]\nnote_tipe = "SAFEINT"\n', "mosaic.note_tipe"),
    "an unknown duty": ('[[also_notify]]\nname = "Sam Invented"\nduties = ["child_veiws"]\n', "also_notify.0.duties"),
    "no duty at all": ('[[also_notify]]\nname = "Sam Invented"\nduties = []\n', "also_notify.0.duties"),
    "two addresses": ('[deputy]\nname = "Sam Invented"\nemail = "a@b.org, c@d.org"\n', "deputy.email"),
    "an address with a line break": ('[deputy]\nname = "Sam Invented"\nemail = "a@b.org\\nX"\n', "deputy.email"),
    "no name": ('[deputy]\nemail = "a@b.org"\n', "deputy.name"),
    "a threshold that is no number": ('[thresholds]\nrepeat_days = "Sam Invented"\n', "thresholds.repeat_days"),
    "a threshold below nothing": ("[thresholds]\nlong_hold_minutes = -1\n", "thresholds.long_hold_minutes"),
    "more hours than there are": ("[thresholds]\nsilent_after_hours = 1e13\n", "thresholds.silent_after_hours"),
    "more days than there are": (
        "[thresholds]\nnormal_days_between_incidents = 9999999999\n",
        "thresholds.normal_days_between_incidents",
    ),
    "a threshold without end": ("[thresholds]\nlong_hold_minutes = inf\n", "thresholds.long_hold_minutes"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_names_the_file_and_the_field_and_no_value(mistake, home_file):
    more, field = MISTAKES[mistake]

    sentence = refused(home_file(more))

    assert f"'{field}'" in sentence
    assert "Sam Invented" not in sentence
    assert "a@b.org" not in sentence


def test_a_missing_field_and_an_unknown_one_say_what_to_do(home_file):
    assert refused(home_file(replace=('id = "EXH"', ""))).endswith("lacks the field 'id'; add it.")
    assert refused(home_file("colour = 1\n")).endswith(
        "'registered_manager.colour'; remove it or correct its spelling."
    )


def test_bad_toml_names_the_line(home_file):
    assert "not valid TOML" in (sentence := refused(home_file("[thresholds\n")))
    assert "line 8" in sentence


def test_a_file_in_another_encoding_says_so(tmp_path):
    (tmp_path / "exh.toml").write_bytes('id = "caf\xe9"'.encode("latin-1"))

    assert "not UTF-8" in refused(tmp_path / "exh.toml")


def test_a_file_that_is_not_there_or_no_file_says_so(tmp_path):
    (tmp_path / "folder.toml").mkdir()

    assert "(No such file or directory)" in refused(tmp_path / "exh.toml")
    assert "(Is a directory)" in refused(tmp_path / "folder.toml")


def test_a_file_that_may_not_be_read_says_so(home_file):
    path = home_file()
    path.chmod(0)

    assert "(Permission denied)" in as_an_ordinary_user(lambda: refused(path), path.parent)


def test_no_person_shows_in_the_repr_of_a_home(home_file):
    home = load_home(
        home_file(
            'phone = "01632 960001"\n[[known_as]]\nchild = "child-17"\nnames = ["Bee"]\n'
            '[[also_notify]]\nname = "Sam Invented"\nemail = "sam@example.org"\nduties = ["manager_notified"]\n'
            '[mosaic]\nalert_recipients = ["Robin Specimen"]\n',
            replace=('name = "Example House"', 'name = "Example House"\naddress = "1 Nowhere Lane"'),
        )
    )

    shown = f"{home!r} {home}"
    hidden = ("Morgan", "Sam", "Robin", "Bee", "manager@example.org", "sam@example.org", "01632", "Nowhere")
    assert not [word for word in hidden if word in shown]
    assert "EXH" in shown


def test_homes_are_read_by_id_and_other_files_are_left_alone(home_file, tmp_path):
    home_file()
    home_file(name="two.toml", replace=('id = "EXH"', 'id = "TWO"'))
    (tmp_path / "notes.txt").write_text("not a home", "utf-8")

    assert sorted(load_homes(tmp_path)) == ["EXH", "TWO"]


def test_two_files_for_one_home_are_refused(home_file, tmp_path):
    home_file()
    home_file(name="again.toml")

    with pytest.raises(ConfigurationError, match=r"Two files in .* describe the home EXH; keep one of them"):
        load_homes(tmp_path)


def test_the_folder_of_the_homes_must_be_named_be_there_and_hold_a_home(tmp_path):
    with pytest.raises(ConfigurationError, match="BRIDGE_HOMES_DIR is not set; set it to"):
        load_homes(None)
    with pytest.raises(ConfigurationError, match=r"BRIDGE_HOMES_DIR names .*, which is not a folder"):
        load_homes(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=r"which holds no \.toml file; add one"):
        load_homes(tmp_path)


@pytest.mark.parametrize("closed", ["homes", "homes/.."])
def test_a_folder_of_homes_that_may_not_be_read_says_so(closed, home_file, tmp_path):
    folder = tmp_path / "site" / "homes"
    folder.mkdir(parents=True)
    home_file(name="site/homes/exh.toml")
    (tmp_path / "site" / closed).resolve().chmod(0)

    def refusal() -> str:
        with pytest.raises(ConfigurationError) as caught:
            load_homes(folder)
        return str(caught.value)

    said = as_an_ordinary_user(refusal, tmp_path)
    (tmp_path / "site" / closed).resolve().chmod(0o755)

    assert f"BRIDGE_HOMES_DIR names {folder}, which cannot be read (Permission denied)" in said


def test_the_duties_that_a_home_may_name_are_the_policys_own() -> None:
    from config.home import DUTY_IDS
    from mappings.duty_rules import DutyId

    assert list(DUTY_IDS) == [duty.value for duty in DutyId]


@pytest.mark.parametrize(("child", "names"), [("child", "names"), ("child_id", "nicknames")])
def test_nicknames_may_be_written_in_either_way(child: str, names: str) -> None:
    from config.home import KnownAs

    assert KnownAs.model_validate({child: "child-1", names: ["Bee"]}).names == ("Bee",)
