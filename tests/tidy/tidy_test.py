# SPDX-License-Identifier: Apache-2.0
"""The rules refuse what they are there to refuse: each test builds a small tree that breaks one."""

import pathlib
import sys
import tempfile
import textwrap
import unittest
from typing import Dict, List

import arrows
import links
import mapped_structs
import orders
import samples
import text_rules

SLASHES = "// SPDX-License-Identifier: Apache-2.0\n"


class RuleTest(unittest.TestCase):
    """A test that runs one rule over a tree of its own."""

    rule = None

    def findings(self, files: Dict[str, str]) -> List[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return [str(finding) for finding in self.rule.check(root)]

    def assert_refused(self, files: Dict[str, str], *expected: str) -> None:
        found = self.findings(files)
        self.assertEqual(len(found), len(expected), found)
        for text, finding in zip(expected, found):
            self.assertIn(text, finding)

    def assert_accepted(self, files: Dict[str, str]) -> None:
        self.assertEqual(self.findings(files), [])


class Arrows(RuleTest):
    rule = arrows

    def test_refuses_daemon_in_client(self):
        self.assert_refused({"daemon/core/registry.hpp": "",
                             "client/lib/client.cpp": '#include "daemon/core/registry.hpp"\n'},
                            "client/lib/client.cpp:1: client/lib includes daemon/core/registry.hpp")

    def test_refuses_client_in_daemon(self):
        self.assert_refused({"client/lib/client_state.hpp": "",
                             "daemon/io/session.cpp": '\n#include "client/lib/client_state.hpp"\n'},
                            "daemon/io/session.cpp:2:")

    def test_refuses_memory_in_core_and_in_wire(self):
        self.assert_refused({"daemon/shm/memory.hpp": "", "proto/layout/head.hpp": "",
                             "daemon/core/registry.cpp": '#include "daemon/shm/memory.hpp"\n',
                             "proto/wire/codec.cpp": '#include "proto/layout/head.hpp"\n'},
                            "proto/wire includes proto/layout", "daemon/core includes daemon/shm")

    def test_refuses_tests_in_product(self):
        self.assert_refused({"tests/support/broker.hpp": "",
                             "client/cli/main.cpp": '#include "tests/support/broker.hpp"\n'},
                            "client/cli includes tests/support")

    def test_refuses_an_include_that_leads_nowhere(self):
        self.assert_refused({"proto/os/kernel.cpp": '#include "kernel.hpp"\n'}, "no such file")

    def test_sees_an_include_beside_the_file(self):
        self.assert_refused({"client/cli/b.hpp": "", "client/cli/a.cpp": '#include "b.hpp"\n',
                             "proto/sync/c.hpp": '# include "../wire/d.hpp"\n',
                             "proto/wire/d.hpp": ""}, "proto/sync includes")

    def test_refuses_asio_and_json_outside_of_their_places(self):
        self.assert_refused({"daemon/core/a.cpp": "#include <boost/asio.hpp>\n",
                             "client/lib/b.hpp": "#include <nlohmann/json.hpp>\n",
                             "proto/sync/c.hpp": "#include <spdlog/spdlog.h>\n"},
                            "<spdlog/spdlog.h>", "<boost/asio.hpp>", "<nlohmann/json.hpp>")

    def test_refuses_anything_but_the_standard_library_in_public_headers(self):
        self.assert_refused({"include/tenure/a.hpp": "#include <vector>\n#include <unistd.h>\n",
                             "include/tenure/b.hpp": "#include <tenure/a.hpp>\n"}, "<unistd.h>")

    def test_accepts_what_the_arrows_allow(self):
        self.assert_accepted({"include/tenure/a.hpp": "", "proto/layout/b.hpp": "",
                              "proto/sync/c.hpp": '#include "proto/layout/b.hpp"\n',
                              "daemon/embed/d.cpp": "#include <tenure/a.hpp>\n",
                              "tests/unit/e.cpp": '#include "proto/sync/c.hpp"\n'})


class Text(RuleTest):
    rule = text_rules

    def test_refuses_a_file_without_licence_line(self):
        self.assert_refused({"proto/os/a.hpp": "#pragma once\n", "cmake/b.cmake": ""},
                            "proto/os/a.hpp:1:", "cmake/b.cmake:1:")

    def test_wants_the_licence_line_below_the_interpreter(self):
        self.assert_accepted({"dev": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"})
        self.assert_refused({"dev": "#!/bin/sh\n\n# SPDX-License-Identifier: Apache-2.0\n"},
                            "dev:2:")

    def test_refuses_long_headers_and_sources(self):
        self.assert_refused({"include/tenure/a.hpp": SLASHES + "\n" * 250,
                             "proto/os/b.cpp": SLASHES + "\n" * 500}, "251 lines", "501 lines")
        self.assert_accepted({"include/tenure/a.hpp": SLASHES + "\n" * 249,
                              "proto/os/b.cpp": SLASHES + "\n" * 499})

    def test_refuses_notes_to_self(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"):
            self.assert_refused({"proto/os/a.hpp": f"{SLASHES}// {word}: soon\n"}, word)

    def test_refuses_paths_of_one_machine(self):
        for path in ("/wo" "rk/main", "/ro" "ot/x", "/ho" "me/ann"):
            self.assert_refused({"docs/a.md": f"see {path}\n"}, "path of one machine")

    def test_accepts_words_that_merely_look_like_these(self):
        self.assert_accepted({"docs/a.md": "mkdtemp XXXXXX, src/work/x, the worker's root, hacking"})


class Orders(RuleTest):
    rule = orders
    page = "### `a.both`\n\nChecked by: `a-run`, `Suite.Test`.\n\n### `a.one`\n"
    both_ends = {"proto/sync/a.hpp": "// pairs: a.both\n// alone: a.one\n",
                 "client/lib/b.cpp": "// pairs: a.both, a.both\n"}
    models = {"tests/model/runs.txt": "# a comment\na-run  | topic | -DK=2 | breaks | s | always\n",
              "tests/model/a_relacy.cpp": "TEST(Suite, Test) { f(); }\n"}

    def test_refuses_operations_without_an_order(self):
        for text in ("x.load();", "p->store(1);", "x.exchange(y(2));", "x.fetch_add(1);",
                     "x.compare_exchange_strong(a, b);", "std::atomic_thread_fence();"):
            self.assert_refused({"proto/sync/a.hpp": f"{SLASHES}{text}\n"}, "without a memory order")

    def test_accepts_an_order_on_a_later_line(self):
        self.assert_accepted({"proto/sync/a.hpp": "x.store(f(1,\n 2),\n std::memory_order_release);"})

    def test_does_not_read_comments_and_literals(self):
        self.assert_accepted({"proto/sync/a.hpp": '// x.load()\nf("x.load()"); /* x.load() */\n'})

    def test_refuses_a_label_without_its_other_end(self):
        self.assert_refused({"docs/concurrency.md": "### `a.both`\nChecked by nothing: small.\n",
                             "proto/sync/a.hpp": "// pairs: a.both\n"}, "no other end")

    def test_refuses_a_label_that_pairs_and_stands_alone(self):
        self.assert_refused({"docs/concurrency.md": "### `a.both`\nChecked by nothing: small.\n",
                             "proto/sync/a.hpp": "// pairs: a.both\n// alone: a.both\n",
                             "proto/sync/b.hpp": "// pairs: a.both\n"}, "stand alone")

    def test_refuses_labels_without_a_section_and_sections_without_a_label(self):
        self.assert_refused({"docs/concurrency.md": "### `a.gone`\n",
                             "proto/sync/a.hpp": "// alone: a.one\n"}, "no section", "no code has")

    def test_accepts_both_ends_and_a_section(self):
        self.assert_accepted({"docs/concurrency.md": self.page, **self.both_ends, **self.models})

    def test_refuses_a_pair_that_nothing_checks(self):
        for said in ("", "Checked by: hand.\n", "Checked by: `a_thing`.\n"):
            page = self.page.replace("Checked by: `a-run`, `Suite.Test`.\n", said)
            self.assert_refused({"docs/concurrency.md": page, **self.both_ends},
                                "`a.both` does not say what it is checked by")

    def test_refuses_checks_that_do_not_exist(self):
        self.assert_refused({"docs/concurrency.md": self.page, **self.both_ends},
                            "checked by a-run, which is not in", "checked by Suite.Test")


class Mapped(RuleTest):
    rule = mapped_structs
    good = textwrap.dedent("""\
        template <template <class> class Atomic>
        struct LineOf {
          Atomic<std::uint64_t> word;             // 0: publisher.
          std::array<std::uint8_t, 56> reserved;  // 8: zero.
          [[nodiscard]] bool is_set() const noexcept { return word.load(order) != 0; }
        };
        static_assert(sizeof(Line) == 64);
        static_assert(offsetof(Line, word) == 0);
        static_assert(offsetof(Line, reserved) == 8);
        """)

    page = "| 0 | u64 | `word` | it |\n| 8 | 56 bytes | `reserved` | zero |\n"

    def changed(self, old: str, new: str) -> Dict[str, str]:
        self.assertIn(old, self.good)
        return {"proto/layout/line.hpp": self.good.replace(old, new),
                "docs/memory-layout.md": self.page}

    def test_accepts_a_struct_whose_every_field_is_asserted(self):
        self.assert_accepted(self.changed("", ""))

    def test_refuses_a_field_that_the_page_does_not_list(self):
        self.assert_refused({"proto/layout/line.hpp": self.good,
                             "docs/memory-layout.md": self.page.replace("| 8 |", "| 4 |")},
                            "no row for Line::reserved at 8")

    def test_refuses_a_field_that_nobody_asserted(self):
        self.assert_refused(self.changed("static_assert(offsetof(Line, reserved) == 8);\n", ""),
                            "line.hpp:4: no assertion of offsetof(Line, reserved)")

    def test_refuses_a_struct_whose_size_nobody_asserted(self):
        self.assert_refused(self.changed("static_assert(sizeof(Line) == 64);\n", ""), "sizeof(Line)")

    def test_refuses_a_comment_that_contradicts_the_assertion(self):
        self.assert_refused(self.changed("// 8: zero", "// 16: zero"), "its comment says 16")

    def test_refuses_a_field_without_its_offset(self):
        self.assert_refused(self.changed("  // 8: zero.", ""), "does not begin with its offset")

    def test_refuses_types_whose_width_depends(self):
        self.assert_refused(self.changed("Atomic<std::uint64_t> word;", "const char* word;"), "char")
        self.assert_refused(self.changed("Atomic<std::uint64_t> word;", "std::size_t word;"), "size_t")
        self.assert_refused(self.changed("Atomic<std::uint64_t> word;", "bool word;"), "bool")


class Links(RuleTest):
    rule = links

    def test_refuses_a_link_to_nowhere(self):
        self.assert_refused({"docs/a.md": "\n[b](b.md)\n"}, "docs/a.md:2: no such file: b.md")

    def test_refuses_an_anchor_without_its_heading(self):
        self.assert_refused({"docs/a.md": "# One two\n[x](#one-two) [y](#three)\n"}, "#three")

    def test_accepts_files_headings_and_other_sites(self):
        self.assert_accepted({"README.md": "[a](docs/a.md#what-it-is) [b](https://example.org/x)",
                              "docs/a.md": "## What it is?\n```\n[no](link.md)\n```\n"})


class Samples(unittest.TestCase):
    def samples(self, text: str):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "README.md").write_text(text, encoding="utf-8")
            return list(samples.samples_of(root))

    def test_takes_marked_blocks_only(self):
        found = self.samples("```cpp\nint a;\n```\n<!-- compiled -->\n```cpp\nint b;\n```\n")
        self.assertEqual(len(found), 1)
        self.assertIn("int b;", found[0].text)
        self.assertEqual(found[0].where, "README.md:6")

    def test_takes_a_block_with_includes_as_a_whole_file(self):
        text = "#include <tenure/tenure.hpp>\nint main() {}\n"
        self.assertEqual(self.samples(f"<!-- compiled -->\n```cpp\n{text}```\n")[0].text, text)

    def test_says_what_the_compiler_says(self):
        command = [sys.executable, "-c", "import sys; sys.exit('refused')"]
        said = samples.compile_sample(samples.Sample("a.md:1", ""), command)
        self.assertIn("a.md:1:\nrefused", said)


if __name__ == "__main__":
    unittest.main()
