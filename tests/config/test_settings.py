"""Settings: which layer wins, what each mistake is told, and what never shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from config.errors import ConfigurationError
from config.home import Home
from config.settings import Settings, is_loopback, known_names, load_settings, missing
from tests.config.conftest import as_an_ordinary_user

SECRET = "not-to-be-seen-anywhere"
FULL = {
    "BRIDGE_HOMES_DIR": "homes",
    "BRIDGE_RECORDING__BASE_URL": "https://recording.example.org/api",
    "BRIDGE_RECORDING__API_KEY": SECRET,
    "BRIDGE_MOSAIC__BASE_URL": "https://mosaic.example.org",
    "BRIDGE_MOSAIC__CLIENT_ID": "bridge",
    "BRIDGE_MOSAIC__CLIENT_SECRET": SECRET,
    "BRIDGE_DAILY_LOG__BASE_URL": "https://recording.example.org/api",
    "BRIDGE_DAILY_LOG__API_KEY": SECRET,
    "BRIDGE_EMAIL__HOST": "mail.example.org",
    "BRIDGE_EMAIL__SENDER": "bridge@example.org",
    "BRIDGE_EMAIL__PASSWORD": SECRET,
}


def refused(environ: dict[str, str], folder: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ, folder=folder)
    return caught.value


# ---- which layer wins ------------------------------------------------------------------------------------------


def test_nothing_set_is_a_site_with_the_documented_defaults(site):
    settings = load_settings({}, folder=site())

    assert settings.ledger_url.get_secret_value() == "sqlite:///ledger.db"
    assert settings.mosaic is None
    assert settings.daily_log is None
    assert settings.email is None
    assert settings.delivery.settle_seconds == 60
    assert settings.delivery.wait_seconds == 180
    assert settings.delivery.timeout_seconds == 30
    assert settings.delivery.threads == 8
    assert settings.delivery.lease_seconds == 300


def test_the_environment_wins_over_the_dotenv_file_which_wins_over_the_toml_file(site):
    folder = site(
        bridge="[delivery]\nthreads = 1\nlease_seconds = 10\nbatch_size = 100\n",
        env="BRIDGE_DELIVERY__THREADS=2\nBRIDGE_DELIVERY__LEASE_SECONDS=20\n",
    )

    delivery = load_settings({"BRIDGE_DELIVERY__THREADS": "3"}, folder=folder).delivery

    assert (delivery.threads, delivery.lease_seconds, delivery.batch_size) == (3, 20, 100)


def test_sections_are_merged_key_by_key_and_an_empty_value_overrides_nothing(site):
    folder = site(bridge='[mosaic]\nbase_url = "https://mosaic.example.org"\nclient_id = "from-file"\n')

    mosaic = load_settings(
        {"BRIDGE_MOSAIC__CLIENT_ID": "from-env", "BRIDGE_MOSAIC__BASE_URL": " "}, folder=folder
    ).mosaic

    assert mosaic is not None
    assert (mosaic.base_url, mosaic.client_id) == ("https://mosaic.example.org", "from-env")


@pytest.mark.parametrize("where", ["environment", "dotenv"])
def test_bridge_config_names_another_file(where, site):
    folder = site(**{"other.toml": "[delivery]\nthreads = 4\n", "bridge": "[delivery]\nthreads = 1\n"})
    other = str(folder / "other.toml")
    if where == "dotenv":
        site(env=f"BRIDGE_CONFIG={other}\n")

    found = load_settings({"BRIDGE_CONFIG": other} if where == "environment" else {}, folder=folder)

    assert found.delivery.threads == 4


def test_the_name_of_the_file_is_taken_in_either_case_and_a_blank_one_is_none(site):
    folder = site(bridge="[delivery]\nthreads = 3\n", other="[delivery]\nthreads = 5\n")

    assert load_settings({"bridge_config": str(folder / "other")}, folder=folder).delivery.threads == 5
    assert load_settings({"BRIDGE_CONFIG": " "}, folder=folder).delivery.threads == 3


def test_an_empty_value_in_the_file_is_as_good_as_none(site):
    folder = site(bridge='[delivery]\nthreads = ""\n[recording]\npage_size = " "\n')

    assert load_settings({}, folder=folder).delivery.threads == 8


def test_names_are_taken_in_either_case_and_others_names_are_left_alone(site):
    folder = site(env="OTHER_PROGRAM=1\nbridge_delivery__threads=5\n", bridge="[Delivery]\nLEASE_SECONDS = 7\n")

    delivery = load_settings({"PATH": "/bin", "MY_BRIDGE_TO": "x"}, folder=folder).delivery

    assert (delivery.threads, delivery.lease_seconds) == (5, 7)


def test_the_end_of_a_line_that_was_written_on_windows_names_no_other_ledger(site):
    """A second, empty ledger was made beside the first one, and everything was owed once more."""
    environ = {"BRIDGE_LEDGER_URL": " sqlite:///ledger.db \r", "BRIDGE_LADO__OUT_DIR": "packages\r\n"}

    settings = load_settings(environ, folder=site())

    assert settings.ledger_url.get_secret_value() == "sqlite:///ledger.db"
    assert settings.lado.out_dir == Path("packages")


def test_a_third_partys_options_come_from_every_layer(site):
    folder = site(bridge='[recording.options]\nList = "one"\n', env="BRIDGE_RECORDING__OPTIONS__SITE=two\n")

    found = load_settings({"BRIDGE_RECORDING__KIND": "carebook"}, folder=folder).recording

    assert (found.kind, found.options) == ("carebook", {"list": "one", "site": "two"})


def test_files_saved_by_notepad_with_a_byte_order_mark_are_read(site):
    folder = site(
        bridge=b"\xef\xbb\xbf[delivery]\r\nthreads = 6\r\n", env=b"\xef\xbb\xbfBRIDGE_DELIVERY__BATCH_SIZE=9\r\n"
    )

    delivery = load_settings({}, folder=folder).delivery

    assert (delivery.threads, delivery.batch_size) == (6, 9)


# ---- mistakes --------------------------------------------------------------------------------------------------

WRONG_KEYS = {
    "environment": ({"BRIDGE_MOSAIC__BASEURL": SECRET}, {}),
    "dotenv": ({}, {"env": f"BRIDGE_MOSAIC__BASEURL={SECRET}\n"}),
    "file": ({}, {"bridge": f'[mosaic]\nbaseurl = "{SECRET}"\n'}),
}


@pytest.mark.parametrize("where", WRONG_KEYS)
def test_a_misspelt_setting_names_itself_and_the_nearest_one(where, site):
    environ, files = WRONG_KEYS[where]

    error = refused(environ, site(**files))

    assert error.setting == "BRIDGE_MOSAIC__BASEURL"
    assert "BRIDGE_MOSAIC__BASEURL" in str(error)
    assert "did you mean BRIDGE_MOSAIC__BASE_URL?" in str(error)


MISTAKES = {
    "unknown section": ({"BRIDGE_SLACK__TOKEN": SECRET}, "BRIDGE_SLACK__TOKEN"),
    "section without a key": ({"BRIDGE_MOSAIC": SECRET}, "BRIDGE_MOSAIC"),
    "option of a section that has none": ({"BRIDGE_TLS__OPTIONS__X": SECRET}, "BRIDGE_TLS__OPTIONS__X"),
    "nameless option": ({"BRIDGE_MOSAIC__OPTIONS__": SECRET}, "BRIDGE_MOSAIC__OPTIONS__"),
    "option with a part": ({"BRIDGE_MOSAIC__OPTIONS__X__Y": SECRET}, "BRIDGE_MOSAIC__OPTIONS__X__Y"),
    "options without a name": (
        {"BRIDGE_MOSAIC__OPTIONS": SECRET, "BRIDGE_MOSAIC__OPTIONS__X": SECRET}, "BRIDGE_MOSAIC__OPTIONS"
    ),
    "not a number": ({"BRIDGE_DELIVERY__THREADS": SECRET}, "BRIDGE_DELIVERY__THREADS"),
    "more than there is time": ({"BRIDGE_RECORDING__OVERLAP_MINUTES": "9" * 22}, "BRIDGE_RECORDING__OVERLAP_MINUTES"),
    "older than there is time": ({"BRIDGE_EMAIL__MAX_AGE_DAYS": "9" * 22}, "BRIDGE_EMAIL__MAX_AGE_DAYS"),
    "longer than a clock takes": ({"BRIDGE_DELIVERY__TIMEOUT_SECONDS": "9" * 22}, "BRIDGE_DELIVERY__TIMEOUT_SECONDS"),
    "as good as never": ({"BRIDGE_MOSAIC__RATE_PER_SECOND": "0.0000001"}, "BRIDGE_MOSAIC__RATE_PER_SECOND"),
    "too many": ({"BRIDGE_DELIVERY__THREADS": "9182736"}, "BRIDGE_DELIVERY__THREADS"),
    "zero seconds": ({"BRIDGE_DELIVERY__TIMEOUT_SECONDS": "0"}, "BRIDGE_DELIVERY__TIMEOUT_SECONDS"),
    "endless": ({"BRIDGE_DELIVERY__TIMEOUT_SECONDS": "inf"}, "BRIDGE_DELIVERY__TIMEOUT_SECONDS"),
    "not a date": ({"BRIDGE_RECORDING__START_DATE": "31/01/2026"}, "BRIDGE_RECORDING__START_DATE"),
    "the start of the epoch": ({"BRIDGE_RECORDING__START_DATE": "0"}, "BRIDGE_RECORDING__START_DATE"),
    "seconds of the epoch": ({"BRIDGE_RECORDING__START_DATE": "1764460800"}, "BRIDGE_RECORDING__START_DATE"),
    "a day to come": ({"BRIDGE_RECORDING__START_DATE": "2999-01-01"}, "BRIDGE_RECORDING__START_DATE"),
    "not a switch": ({"BRIDGE_EMAIL__STARTTLS": SECRET}, "BRIDGE_EMAIL__STARTTLS"),
    "plain http": ({"BRIDGE_MOSAIC__BASE_URL": "http://mosaic.example.org"}, "BRIDGE_MOSAIC__BASE_URL"),
    "no address": ({"BRIDGE_RECORDING__BASE_URL": "mosaic.example.org"}, "BRIDGE_RECORDING__BASE_URL"),
    "address with a gap": ({"BRIDGE_RECORDING__BASE_URL": "https://a b.org"}, "BRIDGE_RECORDING__BASE_URL"),
    "letters behind a bracket": ({"BRIDGE_RECORDING__BASE_URL": "https://[::1]x/api"}, "BRIDGE_RECORDING__BASE_URL"),
    "half a letter in the host": ({"BRIDGE_RECORDING__BASE_URL": "https://%zz/"}, "BRIDGE_RECORDING__BASE_URL"),
    "a host that has no name": ({"BRIDGE_MOSAIC__BASE_URL": f"https://{'ü' * 70}.org"}, "BRIDGE_MOSAIC__BASE_URL"),
    "half a letter in the proxy": ({"BRIDGE_PROXY__URL": "http://%zz:3128"}, "BRIDGE_PROXY__URL"),
    "bad port": ({"BRIDGE_RECORDING__BASE_URL": "https://a.org:99999"}, "BRIDGE_RECORDING__BASE_URL"),
    "password in the address": (
        {"BRIDGE_DAILY_LOG__BASE_URL": f"https://me:{SECRET}@log.example.org"}, "BRIDGE_DAILY_LOG__BASE_URL"
    ),
    "key in the address": (
        {"BRIDGE_DAILY_LOG__BASE_URL": f"https://log.example.org/?key={SECRET}"}, "BRIDGE_DAILY_LOG__BASE_URL"
    ),
    "mail in the clear": (
        {"BRIDGE_EMAIL__HOST": "mail.example.org", "BRIDGE_EMAIL__STARTTLS": "false"}, "BRIDGE_EMAIL__STARTTLS"
    ),
    "another database": ({"BRIDGE_LEDGER_URL": f"mysql://me:{SECRET}@db/ledger"}, "BRIDGE_LEDGER_URL"),
    "short key": ({"BRIDGE_ENCRYPTION_KEYS": "dG9vIHNob3J0"}, "BRIDGE_ENCRYPTION_KEYS"),
    "not base64": ({"BRIDGE_ENCRYPTION_KEYS": SECRET + "!"}, "BRIDGE_ENCRYPTION_KEYS"),
    "no such certificates": ({"BRIDGE_TLS__CA_FILE": "/no/such/file.pem"}, "BRIDGE_TLS__CA_FILE"),
    "proxy that is none": ({"BRIDGE_PROXY__URL": f"proxy:{SECRET}"}, "BRIDGE_PROXY__URL"),
    "no such file": ({"BRIDGE_CONFIG": "no/such.toml"}, "BRIDGE_CONFIG"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_one_sentence_that_names_the_setting_and_never_the_value(mistake, site):
    environ, setting = MISTAKES[mistake]

    error = refused(environ, site())

    sentence = str(error)
    assert error.setting == setting
    assert setting in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert SECRET not in sentence
    if not setting.endswith(("CONFIG", "CA_FILE")):
        assert not [value for value in environ.values() if len(value) > 5 and value in sentence]
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def test_plain_http_says_what_to_write_instead(site):
    error = refused({"BRIDGE_MOSAIC__BASE_URL": "http://mosaic.example.org"}, site())

    assert str(error) == (
        "BRIDGE_MOSAIC__BASE_URL has a wrong value: plain http:// is allowed only to this machine; use https://."
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080", "mosaic.localhost"])
def test_plain_http_and_mail_in_the_clear_are_allowed_to_this_machine(host, site):
    settings = load_settings(
        {
            "BRIDGE_MOSAIC__BASE_URL": f"http://{host}/",
            "BRIDGE_EMAIL__HOST": "127.0.0.1",
            "BRIDGE_EMAIL__STARTTLS": "false",
        },
        folder=site(),
    )

    assert settings.mosaic is not None
    assert settings.mosaic.base_url == f"http://{host}"


@pytest.mark.parametrize(
    "host",
    ["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "0.0.0.0", "::ffff:127.0.0.1", "2130706433", ""],
)
def test_a_host_that_only_looks_like_this_machine_is_not(host):
    assert not is_loopback(host)


FILES = {
    "bad TOML": ({"bridge": "[mosaic\n"}, "line 1"),
    "bridge.toml in another encoding": ({"bridge": "[mosaic]\nclient_id = 'caf\xe9'".encode("latin-1")}, "UTF-8"),
    ".env in another encoding": ({"env": "BRIDGE_HOMES_DIR=caf\xe9\n".encode("latin-1")}, "UTF-8"),
    ".env line without a value": ({"env": "A=1\nBRIDGE_HOMES_DIR\n"}, "Line 2"),
    ".env line that is no setting": ({"env": "A=1\n\nthis is not one\n"}, "Line 3"),
    ".env line with an open quote": ({"env": f"BRIDGE_MOSAIC__CLIENT_SECRET='{SECRET}\n"}, "Line 1"),
    "number where a table stands": ({"bridge": "mosaic = 3\n"}, "BRIDGE_MOSAIC"),
    "table where a text stands": ({"bridge": "[ledger_url]\nx = 1\n"}, "BRIDGE_LEDGER_URL__X"),
    "option that is no text": ({"bridge": "[recording.options]\nx = 7\n"}, "BRIDGE_RECORDING__OPTIONS__X"),
}


@pytest.mark.parametrize("mistake", FILES)
def test_a_broken_file_says_where_it_is_broken(mistake, site):
    files, where = FILES[mistake]

    sentence = str(refused({}, site(**files)))

    assert where in sentence
    assert "\n" not in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize("name", ["env", "bridge"])
def test_a_file_that_may_not_be_read_says_so(name, site):
    folder = site(**{name: "A=1\n" if name == "env" else ""})
    path = folder / (".env" if name == "env" else "config/bridge.toml")
    path.chmod(0)

    assert "cannot be read (Permission denied)" in as_an_ordinary_user(lambda: refused({}, folder), folder)


@pytest.mark.parametrize("setting", ["", "BRIDGE_CONFIG", "BRIDGE_TLS__CA_FILE"])
def test_a_file_in_a_folder_that_may_not_be_read_says_so(setting, site):
    folder = site(**{"other/file": ""}) if setting else site(bridge="")
    closed = folder / ("other" if setting else "config")
    closed.chmod(0)

    said = as_an_ordinary_user(lambda: refused({setting: str(closed / "file")} if setting else {}, folder), folder)
    closed.chmod(0o755)

    assert "cannot be read (Permission denied)" in said
    assert setting in said


# ---- what is missing -------------------------------------------------------------------------------------------


def test_a_whole_site_lacks_nothing(site, key):
    assert missing(load_settings({**FULL, "BRIDGE_ENCRYPTION_KEYS": key}, folder=site())) == ()


NEEDED = ("BRIDGE_ENCRYPTION_KEYS", *(name for name in FULL if name != "BRIDGE_EMAIL__PASSWORD"))


@pytest.mark.parametrize("name", NEEDED)
def test_each_missing_setting_is_named_with_what_it_is_for(name, site, key):
    environ = {**FULL, "BRIDGE_ENCRYPTION_KEYS": key}
    del environ[name]

    (error,) = missing(load_settings(environ, folder=site()))

    assert error.setting == name
    assert str(error).startswith(f"{name} is not set; set it (")


def test_a_secret_of_blanks_is_missing_and_a_section_that_is_not_set_owes_nothing(site, key):
    folder = site(bridge='[recording]\napi_key = " "\nbase_url = "https://recording.example.org"\n')

    found = missing(load_settings({"BRIDGE_ENCRYPTION_KEYS": key, "BRIDGE_HOMES_DIR": "homes"}, folder=folder))

    assert [error.setting for error in found] == ["BRIDGE_RECORDING__API_KEY"]


def test_a_drop_folder_needs_a_folder_and_a_third_party_checks_its_own(site, key):
    base = {"BRIDGE_ENCRYPTION_KEYS": key, "BRIDGE_HOMES_DIR": "homes"}

    files = missing(load_settings({**base, "BRIDGE_RECORDING__KIND": "files"}, folder=site()))
    other = missing(load_settings({**base, "BRIDGE_RECORDING__KIND": "carebook"}, folder=site()))

    assert [error.setting for error in files] == ["BRIDGE_RECORDING__FOLDER"]
    assert other == ()


# ---- what never shows ------------------------------------------------------------------------------------------


def test_no_secret_shows_in_the_repr_of_the_settings(site, key):
    settings = load_settings(
        {
            **FULL,
            "BRIDGE_ENCRYPTION_KEYS": key,
            "BRIDGE_LEDGER_URL": f"postgresql+psycopg://me:{SECRET}@db.example.org/ledger",
            "BRIDGE_REPLICA__URL": f"postgresql://me:{SECRET}@replica.example.org/mosaic",
            "BRIDGE_PROXY__URL": f"http://me:{SECRET}@proxy.example.org:3128",
            "BRIDGE_RECORDING__OPTIONS__TOKEN": SECRET,
        },
        folder=site(),
    )

    shown = f"{settings!r} {settings}"
    assert SECRET not in shown
    assert key not in shown
    assert "mosaic.example.org" in shown


def test_secrets_are_of_the_type_that_hides_them():
    hidden = {"api_key", "client_secret", "password", "ledger_url"}
    found = {
        name: field
        for model in _models(Settings)
        for name, field in model.model_fields.items()
        if name in hidden or "secret" in name or "password" in name
    }

    assert hidden <= set(found)
    assert all(SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ())) for field in found.values())


def test_the_keys_come_back_as_bytes_the_encrypting_one_first(site, key):
    other = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

    keys = load_settings({"BRIDGE_ENCRYPTION_KEYS": f" {other} , {key},"}, folder=site()).raw_keys()

    assert keys == (b"01234567890123456789012345678901", b"a key of exactly 32 bytes, spelt")


@pytest.mark.parametrize("model", [Settings, Home])
def test_every_field_has_a_description_that_ends_in_a_full_stop(model):
    undescribed = [
        f"{found.__name__}.{name}"
        for found in _models(model)
        for name, field in found.model_fields.items()
        if not (field.description or "").endswith(".")
    ]

    assert not undescribed


def test_every_setting_can_be_set_by_its_name():
    names = list(known_names())

    assert len(names) == len(set(names))
    assert {"BRIDGE_LEDGER_URL", "BRIDGE_MOSAIC__CLIENT_SECRET", "BRIDGE_DELIVERY__WAIT_SECONDS"} <= set(names)


def _models(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [
        candidate
        for field in model.model_fields.values()
        for candidate in (field.annotation, *getattr(field.annotation, "__args__", ()))
        if isinstance(candidate, type) and issubclass(candidate, BaseModel)
    ]
    return [model, *inner]
