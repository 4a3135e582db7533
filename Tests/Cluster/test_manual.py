"""The manual pages say what the program says of itself, and shells complete what it takes."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path


def output(*command: object, **options: object) -> str:
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, **options).stdout


def words(text: str) -> str:
    """Text without how it is divided into lines."""
    return " ".join(text.split())


class Installed(unittest.TestCase):
    root: Path
    prefix: Path
    share: Path

    def setUp(self):
        self.program = self.prefix / "bin" / "prune-cluster"
        self.directory = Path(tempfile.mkdtemp(prefix="manual-", dir=self.prefix.parent))

    def tearDown(self):
        shutil.rmtree(self.directory)

    def commands(self) -> list:
        found = re.findall(r"^  ([a-z]+) ", output(self.program, "--help").split("SUBCOMMANDS:")[1], re.M)
        self.assertGreater(len(found), 8)
        return found

    def page(self, *names: str) -> Path:
        return self.prefix / "share" / "man" / "man1" / ("-".join(("prune-cluster", *names)) + ".1")


class Manual(Installed):
    def shown(self, page: Path) -> str:
        """What readers see of a page on a wide terminal."""
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "500", "MANPAGER": "cat"}
        return re.sub(".\b", "", output("man", "-E", "UTF-8", "-l", page, env=environment))

    def test_every_command_has_a_page_and_no_other_is_there(self):
        expected = {self.page().name, *(self.page(command).name for command in self.commands())}
        self.assertEqual({path.name for path in self.page().parent.iterdir()}, expected)

    def test_pages_say_what_help_says(self):
        if shutil.which("man") is None:
            self.skipTest("there is no man")
        for command in self.commands():
            with self.subTest(command=command):
                asked = output(self.program, command, "--help", env={**os.environ, "COLUMNS": "500"})
                shown = words(self.shown(self.page(command)))
                overview, rest = asked.removeprefix("OVERVIEW: ").split("\nUSAGE: ")
                for paragraph in re.split(r"\n\s*\n|\n(?=  )|EXAMPLES?\n", overview)[1:]:
                    self.assertIn(words(paragraph), shown)
                options = re.split(r"\n(?=  (?:<|-))", rest.split("\n", 1)[1])[1:]
                self.assertGreater(len(options), 2)
                for option in options:
                    spelled, said = re.fullmatch(r"  (.*?)(?:  +|\n +)(.*)", option, re.S).groups()
                    self.assertIn(words(re.sub(r"[<>]", "", spelled)), shown)
                    said = re.sub(r"\n[A-Z]+:\s*$|\n\s*$", "", said)
                    self.assertIn(words(said), shown)

    def test_the_main_page_has_the_exit_codes_of_the_readme(self):
        rows = re.findall(r"^\| (\d+) \| (.+) \|$", (self.root / "README.md").read_text(), re.M)
        self.assertGreater(len(rows), 8)
        page = self.page().read_text()
        status = page[page.index(".SH EXIT STATUS"):page.index(".SH SEE ALSO")]
        self.assertEqual(re.findall(r"^\\fB(\d+)\\fR$", status, re.M), [code for code, _ in rows])
        # As text: the marks of Markdown are no part of it.
        self.assertTrue(any("`" in meaning for _, meaning in rows))
        self.assertNotRegex(status, r"`|\\\(ga|\]\(")

    def test_readers_of_pages_have_nothing_to_complain_about(self):
        checks = {"mandoc": ["mandoc", "-Tlint"], "groff": ["groff", "-man", "-ww", "-z", "-Tutf8"]}
        tools = [command for tool, command in checks.items() if shutil.which(tool)]
        if not tools:
            self.skipTest("there is neither mandoc nor groff")
        for command in tools:
            pages = sorted(self.page().parent.iterdir())
            run = subprocess.run([*command, *pages], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""), command)

    def test_text_stays_as_it_is(self):
        # Whatever a help text holds is no request to the formatter: lines that begin with dots, backslashes, quotes.
        program = self.directory / "program"
        dump = {
            "serializationVersion": 0,
            "command": {
                "commandName": "prune-cluster", "abstract": "Takes .a\\b 'c' ≤ d.", "shouldDisplay": True,
                "discussion": ".So begins a line, with --an-option and a\\n.\n\nEXAMPLES\n  .dot 'q' `b` ^ ~ \\e\n  - dash",
                "arguments": [{
                    "kind": "option", "names": [{"kind": "long", "name": "an-option"}], "valueName": "a b",
                    "isOptional": False, "isRepeating": True, "shouldDisplay": True, "abstract": "'x' .y \\z.",
                    "defaultValue": "-1", "allValues": ["-1", ".5"]}]}}
        (self.directory / "dump").write_text(json.dumps(dump))
        program.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo prune-cluster 9.8.7 || cat '{self.directory}/dump'\n")
        program.chmod(0o755)
        subprocess.run([self.root / "scripts" / "manual", program, self.directory], check=True)
        if shutil.which("man") is None:
            self.skipTest("there is no man")
        shown = self.shown(self.directory / "prune-cluster.1")
        for expected in (
            "takes .a\\b 'c' ≤ d", ".So begins a line, with --an-option and a\\n.", "    .dot 'q' `b` ^ ~ \\e\n",
            "    - dash\n", "--an-option a b ...", "'x' .y \\z. (values: -1, .5; default: -1)", "prune-cluster 9.8.7",
        ):
            self.assertIn(expected, shown)

    def test_a_program_of_another_kind_is_refused(self):
        program = self.directory / "program"
        command = '"command": {"commandName": "prune-cluster", "abstract": "Another."}'
        for said in ('{"serializationVersion": 1, %s}' % command, '{"serializationVersion": 0}', "no data"):
            program.write_text(f"#!/bin/sh\necho '{said}'\n")
            program.chmod(0o755)
            run = subprocess.run(
                [self.root / "scripts" / "manual", program, self.directory], capture_output=True, text=True)
            self.assertEqual(run.returncode, 69)
            self.assertRegex(run.stderr, r"\Amanual: error: .*\n\Z")
            self.assertEqual(list(self.directory.glob("*.1")), [])


class Completions(Installed):
    def complete(self, *line: str) -> list:
        """What bash offers for the last word of a line."""
        (self.directory / "some.json").write_text("")
        (self.directory / "some.onnx").write_text("")
        (self.directory / "some-folder").mkdir(exist_ok=True)
        script = 'source "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} && ' \
            '$(complete -p prune-cluster | sed "s/.* -F \\([^ ]*\\) .*/\\1/") "$1" "${!#}" "${*: -2:1}" && ' \
            'printf "%s\\n" "${COMPREPLY[@]}"'
        completions = self.prefix / "share" / "bash-completion" / "completions" / "prune-cluster"
        shown = output(
            "bash", "--norc", "-c", script, completions, "prune-cluster", *line, cwd=self.directory,
            env={**os.environ, "PATH": f"{self.prefix}/bin:{os.environ['PATH']}"})
        return sorted(set(shown.split()))

    def test_bash_offers_commands_options_values_and_files(self):
        self.assertEqual(self.complete("sea"), ["search"])
        self.assertLessEqual(set(self.commands()), set(self.complete("")))
        self.assertEqual(self.complete("search", "--sch"), ["--schedule"])
        self.assertEqual(self.complete("search", "--schedule", ""), ["dynamic", "static"])
        self.assertEqual(self.complete("search", "so"), ["some-folder", "some.json"])
        self.assertEqual(self.complete("inspect", "so"), ["some-folder", "some.onnx"])
        self.assertEqual(self.complete("verify", "so"), ["some-folder"])
        self.assertEqual(self.complete("solve", "--metric", "mem"), ["memory"])

    def test_every_path_that_a_command_takes_is_completed(self):
        # An argument without a kind is offered nothing, not even the files that a shell offers by itself.
        dump = json.loads(output(self.program, "--experimental-dump-help"))
        paths = {"config", "model", "file", "dir", "run-dir", "ratios"}
        for command in dump["command"]["subcommands"]:
            for argument in command.get("arguments", []):
                if argument["kind"] != "flag" and argument["valueName"] in paths:
                    self.assertIn("completionKind", argument, f"{command['commandName']}: {argument['valueName']}")

    def test_zsh_and_fish_can_read_theirs(self):
        share = self.prefix / "share"
        for shell, file, sign in (("zsh", "zsh/site-functions/_prune-cluster", r"\A#compdef prune-cluster\n"),
                                  ("fish", "fish/vendor_completions.d/prune-cluster.fish", "\ncomplete -c 'prune-cluster' ")):
            with self.subTest(shell=shell):
                self.assertRegex((share / file).read_text(), sign)
                if shutil.which(shell) is None:
                    self.skipTest(f"there is no {shell}")
                run = subprocess.run([shell, "-n", share / file], capture_output=True, text=True)
                self.assertEqual((run.returncode, run.stderr), (0, ""))


class Version(Installed):
    def test_there_is_one_version(self):
        said = output(self.program, "--version").strip()
        self.assertEqual((self.share / "VERSION").read_text().splitlines()[0], said)
        source = (self.root / "Sources" / "Search" / "ProductVersion.swift").read_text()
        self.assertIn(f'text = "{said.split()[1]}"', source)
        newest = re.search(r"^## \[(\d.*?)\]", (self.root / "CHANGELOG.md").read_text(), re.M)
        self.assertEqual(said, f"prune-cluster {newest[1]}")
        self.assertIn(f'"{said}"'.replace("-", "\\-"), self.page().read_text())
