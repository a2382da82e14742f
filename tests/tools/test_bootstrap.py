import hashlib
import json
import os
import platform
import sys
import zipfile
from pathlib import Path

import pytest

from tools import bootstrap, browser, checks, environment, indexes, steps, uv, web, words
from tools.steps import SetupError


def pip_conf(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pip.conf").write_text(text, "utf-8")


def read(tmp_path: Path, **environ: str) -> indexes.Sources:
    return indexes.read(environ, home=tmp_path / "home", system=tmp_path)


def for_uv(tmp_path: Path, **environ: str) -> dict[str, str]:
    return indexes.environment_for_uv(environ, home=tmp_path / "home", system=tmp_path)


class TestIndexes:
    def test_a_machine_told_nothing_uses_the_public_index(self, tmp_path):
        assert read(tmp_path).indexes == (indexes.PUBLIC_INDEX,)
        assert for_uv(tmp_path) == {"UV_INDEX_STRATEGY": "unsafe-best-match"}

    def test_the_users_pip_conf_wins_over_the_systems(self, tmp_path):
        pip_conf(tmp_path / "etc", "[global]\nindex-url = http://system.test/simple\ncert = /ca.pem\n")
        pip_conf(tmp_path / "home/.config/pip", "[global]\nindex_url = http://user.test/simple\n")
        sources = read(tmp_path)
        assert sources.indexes == ("http://user.test/simple",)
        assert sources.certificate == "/ca.pem"

    def test_a_pip_variable_wins_over_pip_conf(self, tmp_path):
        pip_conf(tmp_path / "etc", "[global]\nindex-url = http://system.test/simple\n")
        assert read(tmp_path, PIP_INDEX_URL="http://v.test/").indexes == ("http://v.test/",)

    def test_uv_variables_win_over_pip_variables_and_are_left_to_uv(self, tmp_path):
        told = {"UV_DEFAULT_INDEX": "house=http://uv.test/", "PIP_INDEX_URL": "http://pip.test/"}
        assert read(tmp_path, **told).indexes == ("http://uv.test/",)
        assert "UV_DEFAULT_INDEX" not in for_uv(tmp_path, **told)

    def test_uv_toml_is_heard(self, tmp_path):
        folder = tmp_path / "home/.config/uv"
        folder.mkdir(parents=True)
        (folder / "uv.toml").write_text(
            '[[index]]\nurl = "http://a.test/"\ndefault = true\n[[index]]\nurl = "http://b.test/"\n', "utf-8"
        )
        assert read(tmp_path).indexes == ("http://b.test/", "http://a.test/")
        assert "UV_DEFAULT_INDEX" not in for_uv(tmp_path, PIP_INDEX_URL="http://pip.test/")

    def test_several_extra_indexes_stand_on_several_lines(self, tmp_path):
        pip_conf(tmp_path / "etc", "[global]\nextra-index-url =\n  http://a.test/\n  http://b.test/\n")
        assert read(tmp_path).indexes == ("http://a.test/", "http://b.test/", indexes.PUBLIC_INDEX)
        assert for_uv(tmp_path)["UV_INDEX"] == "http://a.test/ http://b.test/"

    def test_a_links_folder_that_is_gone_is_not_handed_to_uv(self, tmp_path):
        there = tmp_path / "wheels"
        there.mkdir()
        told = for_uv(tmp_path, PIP_FIND_LINKS=f"{there} {tmp_path}/gone http://links.test/")
        assert told["UV_FIND_LINKS"] == f"{there},http://links.test/"

    def test_no_index_leaves_only_the_links(self, tmp_path):
        sources = read(tmp_path, PIP_NO_INDEX="1", PIP_FIND_LINKS="/wheels")
        assert (sources.indexes, sources.links) == ((), ("/wheels",))
        assert for_uv(tmp_path, PIP_NO_INDEX="1")["UV_NO_INDEX"] == "1"

    def test_a_config_file_named_null_turns_the_files_off(self, tmp_path):
        pip_conf(tmp_path / "etc", "[global]\nindex-url = http://system.test/simple\n")
        assert read(tmp_path, PIP_CONFIG_FILE=os.devnull).indexes == (indexes.PUBLIC_INDEX,)

    def test_a_broken_pip_conf_is_passed_over(self, tmp_path):
        pip_conf(tmp_path / "etc", "index-url without a section\n")
        assert read(tmp_path).indexes == (indexes.PUBLIC_INDEX,)

    def test_messages_never_show_the_password_of_an_index(self):
        assert indexes.shown("https://clerk:secret@index.test/simple") == "https://index.test/simple"


PINS = Path(uv.__file__).with_name("uv.json")


class TestUv:
    @pytest.mark.parametrize(
        ("system", "machine", "libc", "key"),
        [
            ("Linux", "x86_64", "glibc", "linux-x86_64-gnu"),
            ("Linux", "AMD64", "", "linux-x86_64-musl"),
            ("Linux", "arm64", "glibc", "linux-aarch64-gnu"),
            ("Darwin", "arm64", "", "macos-aarch64"),
            ("Darwin", "x86_64", "", "macos-x86_64"),
        ],
    )
    def test_each_supported_machine_has_a_pinned_wheel(self, system, machine, libc, key):
        assert uv.machine_key(system, machine, libc) == key
        pin = uv.choose(PINS, key)
        assert pin.version in pin.file
        assert len(bytes.fromhex(pin.sha256)) == 32

    def test_an_unknown_machine_is_told_which_ones_are_known(self):
        with pytest.raises(SetupError, match="linux-x86_64-gnu"):
            uv.choose(PINS, "plan9-mips")


@pytest.fixture
def wheel(tmp_path):
    """A small stand-in for uv's wheel, its pin for this machine, and an index page that offers it."""
    key = uv.machine_key(platform.system(), platform.machine(), platform.libc_ver()[0])
    folder = tmp_path / "网站 simple/uv"
    folder.mkdir(parents=True)
    file = folder / "uv-9.9-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("uv-9.9.data/scripts/uv", "#!/bin/sh\necho uv\n")
    (folder / "index.html").write_text(f'<a href="{file.name}#sha256=00">{file.name}</a>', "utf-8")
    pins = tmp_path / "uv.json"
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    pins.write_text(
        json.dumps({"version": "9.9", "wheels": {key: {"file": file.name, "sha256": sha256}}}), "utf-8"
    )
    return file, pins


def sources(*urls: str, links: tuple[str, ...] = ()) -> indexes.Sources:
    return indexes.Sources(links=links, indexes=urls, trusted=(), certificate=None, proxy=None)


class TestFetching:
    def test_the_pinned_program_comes_from_the_index_and_can_be_run(self, tmp_path, wheel):
        file, pins = wheel
        program = uv.ensure(tmp_path, pins, lambda: sources(file.parent.parent.as_uri()))
        assert program.read_text("utf-8").endswith("echo uv\n")
        assert os.access(program, os.X_OK)

    def test_a_json_index_is_understood(self, tmp_path, wheel):
        file, pins = wheel
        listing = {"files": [{"filename": file.name, "url": file.name, "hashes": {}}]}
        (file.parent / "index.html").write_text(json.dumps(listing), "utf-8")
        assert uv.ensure(tmp_path, pins, lambda: sources(file.parent.parent.as_uri())).exists()

    def test_a_folder_of_wheels_is_enough(self, tmp_path, wheel):
        file, pins = wheel
        assert uv.ensure(tmp_path, pins, lambda: sources(links=(str(file.parent),))).exists()

    def test_a_program_that_is_there_asks_no_index(self, tmp_path, wheel):
        file, pins = wheel
        first = uv.ensure(tmp_path, pins, lambda: sources(file.parent.parent.as_uri()))
        assert uv.ensure(tmp_path, pins, lambda: pytest.fail("asked for sources")) == first

    def test_another_hash_is_refused_and_nothing_is_left(self, tmp_path, wheel):
        file, pins = wheel
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("extra", "changed")
        before = set(tmp_path.iterdir())
        with pytest.raises(SetupError, match="校验值") as refused:
            uv.ensure(tmp_path, pins, lambda: sources(file.parent.parent.as_uri()))
        assert "hash mismatch" in refused.value.details
        assert set(tmp_path.iterdir()) == before

    def test_a_faulty_mirror_does_not_hide_a_good_one(self, tmp_path, wheel):
        file, pins = wheel
        bad = tmp_path / "bad/uv"
        bad.mkdir(parents=True)
        (bad / file.name).write_bytes(b"not it")
        (bad / "index.html").write_text(f"<a href={file.name}>uv</a>", "utf-8")
        found = sources(bad.parent.as_uri(), file.parent.parent.as_uri())
        assert uv.ensure(tmp_path, pins, lambda: found).exists()

    def test_a_certificate_file_that_is_not_there_is_named(self, tmp_path, wheel):
        told = indexes.Sources(
            links=(), indexes=("http://i.test/",), trusted=(), certificate="/gone.pem", proxy=None
        )
        with pytest.raises(SetupError, match=r"/gone\.pem"):
            uv.ensure(tmp_path, wheel[1], lambda: told)

    def test_an_index_without_the_wheel_is_named(self, tmp_path, wheel):
        file, pins = wheel
        (file.parent / "index.html").write_text("<a href=other.whl>other</a>", "utf-8")
        with pytest.raises(SetupError, match="都没有") as refused:
            uv.ensure(tmp_path, pins, lambda: sources(file.parent.parent.as_uri()))
        assert file.name in refused.value.details


@pytest.fixture
def project(tmp_path):
    """A folder that looks like the project with an environment made by an earlier run."""
    (tmp_path / "requirements.lock").write_text("a==1\n", "utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\n", "utf-8")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    record = {"root": str(tmp_path), "python": "3.11.7", "digest": environment.digest(tmp_path, "3.11.7")}
    (tmp_path / ".venv/rongjun-environment.json").write_text(json.dumps(record), "utf-8")
    return tmp_path


class TestEnvironment:
    def test_an_unchanged_lock_needs_no_work(self, project):
        assert environment.is_ready(project)

    @pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
    def test_a_changed_input_needs_work(self, project, name):
        (project / name).write_text("changed", "utf-8")
        assert not environment.is_ready(project)

    def test_a_moved_folder_needs_a_new_environment(self, project, tmp_path_factory):
        moved = project.rename(tmp_path_factory.mktemp("other") / "moved")
        assert not environment.is_ready(moved)

    def test_an_environment_whose_python_is_gone_needs_work(self, project):
        (project / ".venv/bin/python").unlink()
        (project / ".venv/bin/python").symlink_to(project / "nowhere")
        assert not environment.is_ready(project)

    def test_an_interrupted_installation_needs_work(self, project):
        place = project / ".venv/rongjun-environment.json"
        place.write_text(
            json.dumps({**json.loads(place.read_text("utf-8")), "digest": "installing"}), "utf-8"
        )
        assert not environment.is_ready(project)

    def test_the_link_to_the_sources_holds_no_letter_beyond_ascii(self, tmp_path):
        root = tmp_path / "荣军 平台"
        packages = root / ".venv/lib/python3.11/site-packages"
        packages.mkdir(parents=True)
        (root / "src").mkdir()
        link = packages / "_editable.pth"
        link.write_text(str(root / "src"), "utf-8")
        environment.make_link_plain(root)
        assert (packages / link.read_text("ascii").strip()).resolve() == (root / "src").resolve()

    def test_half_a_project_is_refused_by_the_name_of_what_is_missing(self, project):
        (project / "requirements.lock").unlink()
        with pytest.raises(SetupError, match=r"requirements\.lock"):
            bootstrap.prepare(project, use="fast", environ={})

    def test_a_ready_project_is_left_untouched(self, project):
        (project / words.CATALOGUE).parent.mkdir(parents=True)
        (project / words.CATALOGUE).write_text('msgid "是"\nmsgstr "yes"\n', "utf-8")
        words.build(project)
        before = sorted(project.rglob("*"))
        bootstrap.prepare(project, use="fast", environ={})
        assert sorted(project.rglob("*")) == before


class TestWeb:
    @pytest.mark.parametrize(
        ("version", "good"),
        [
            ("v20.20.2\n", True),
            ("v20.18.0\n", False),
            ("v21.7.0\n", False),
            ("v22.11.0\n", False),
            ("v22.12.0\n", True),
            ("v24.1.0\n", True),
            ("", False),
        ],
    )
    def test_only_a_node_that_vite_runs_on_is_used(self, version, good):
        assert web.good_node(version) is good

    def test_built_pages_are_kept_until_a_source_changes(self, tmp_path, monkeypatch):
        (tmp_path / "web/src").mkdir(parents=True)
        for name in ("package.json", "package-lock.json", "src/main.ts"):
            (tmp_path / "web" / name).write_text("{}", "utf-8")
        done: list[str] = []

        def npm(command, **_):
            done.append(command[1])
            (tmp_path / "web/dist").mkdir(exist_ok=True)

        monkeypatch.setattr(web, "run", npm)
        monkeypatch.setattr(web, "with_node", lambda _root, env: env)
        web.ensure(tmp_path, {})
        assert done == ["ci", "run"]
        assert web.is_ready(tmp_path)
        (tmp_path / "web/src/main.ts").write_text("changed", "utf-8")
        assert not web.is_ready(tmp_path)
        web.ensure(tmp_path, {})
        assert done == ["ci", "run", "run"]
        city = tmp_path / "policy/cities/somewhere"
        city.mkdir(parents=True)
        (city / "divisions.yaml").write_text("code: 990100\n", "utf-8")
        assert not web.is_ready(tmp_path)


class TestBrowser:
    def test_relatives_of_debian_and_ubuntu_are_known(self):
        assert browser.distribution("ID=debian\n") == "debian"
        assert browser.distribution('ID=linuxmint\nID_LIKE="ubuntu debian"\n') == "ubuntu"
        assert browser.distribution("ID=alpine\n") == ""

    def test_a_snap_placeholder_is_no_browser(self, tmp_path):
        stub = tmp_path / "chromium-browser"
        stub.write_text("#!/bin/sh\necho requires the chromium snap; exit 1\n", "utf-8")
        stub.chmod(0o755)
        assert browser.is_snap_stub(stub)
        if not browser._MAC.exists():
            assert browser.find_chromium({"PATH": str(tmp_path)}) is None

    def test_a_named_chromium_is_taken_and_a_false_name_is_refused(self, tmp_path):
        program = tmp_path / "my chromium"
        program.write_text("#!/bin/sh\n", "utf-8")
        program.chmod(0o755)
        assert browser.find_chromium({"CHROMIUM": str(program)}) == str(program)
        with pytest.raises(SetupError, match="CHROMIUM"):
            browser.find_chromium({"CHROMIUM": str(tmp_path / "none")})


class TestFailures:
    @pytest.mark.parametrize(
        ("output", "advice"),
        [
            ("error: No space left on device (os error 28)", "磁盘满了"),
            ("OSError: [Errno 30] Read-only file system", "只读"),
            ("Hash mismatch for `django==5.2`", "校验值"),
            ("invalid peer certificate: UnknownIssuer", "证书"),
            ("npm error code ENOTFOUND", "连不上"),
        ],
    )
    def test_each_known_cause_has_its_advice(self, output, advice):
        explained = steps.explain(output)
        assert explained is not None
        assert advice in explained[0]

    def test_a_failing_client_shows_the_end_of_what_it_said(self, tmp_path):
        command = [sys.executable, "-c", "print('last words'); raise SystemExit(3)"]
        with pytest.raises(SetupError) as failed:
            steps.run(command, what=("试验", "trial"), cwd=tmp_path, env=os.environ)
        assert "last words" in failed.value.details

    def test_a_client_that_hangs_is_stopped(self, tmp_path):
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        with pytest.raises(SetupError, match="仍未完成"):
            steps.run(command, what=("试验", "trial"), cwd=tmp_path, env=os.environ, seconds=0.2)


def python(name: str, code: str, *, beside: bool = False) -> checks.Step:
    return checks.Step(name, name, (sys.executable, "-c", code), beside=beside)


class TestChecks:
    def test_every_step_runs_and_every_failure_is_listed(self, capfd):
        chosen = [
            python("one", "raise SystemExit(1)"),
            python("two", "print('said beside')", beside=True),
            python("three", "print('said')"),
        ]
        results = checks.run_all(chosen, os.environ, stop=False)
        assert [result.code for result in results] == [1, 0, 0]
        assert "said beside" in capfd.readouterr().out
        assert checks.table(results).endswith("failed: one")

    def test_stop_ends_at_the_first_failure(self):
        chosen = [python("one", "raise SystemExit(1)"), python("two", "pass")]
        assert len(checks.run_all(chosen, os.environ, stop=True)) == 1

    def test_a_missing_program_is_a_failed_step(self):
        results = checks.run_all([checks.Step("gone", "gone", ("/nowhere/tool",))], os.environ, stop=False)
        assert results[0].code == 1

    def test_a_step_that_takes_too_long_may_still_put_its_things_away(self, tmp_path, monkeypatch):
        monkeypatch.setattr(checks, "_SECONDS", 1)
        code = (
            "import time\n"
            "try: time.sleep(60)\n"
            f"except KeyboardInterrupt: open({str(tmp_path / 'tidy')!r}, 'w').close()\n"
        )
        results = checks.run_all([python("slow", code)], os.environ, stop=False)
        assert results[0].code == 1
        assert (tmp_path / "tidy").exists()

    def test_a_step_that_selects_no_test_has_not_passed(self):
        step = checks.Step("tests", "tests", ("pytest",))
        assert checks.Result(step, 0.0, 5).verdict == "FAILED, no tests"
