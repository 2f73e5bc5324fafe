"""The page of nodes lists all there are, and says which of the reference's are not, and why."""

import re

from safelight.graph.listing import as_markdown
from safelight.nodes.registry import BUILTIN
from tests.nodes.test_reference import DIFFERENCES, REFERENCE
from tests.test_docs import DOCS, first_column, section

PAGE = DOCS / "nodes.md"
TABLES = as_markdown({name: node.spec for name, node in BUILTIN.items()}) + "\n"
WRITTEN_BELOW = "<!-- what follows is written by: make nodes -->\n\n"


def test_the_page_is_what_the_registry_says() -> None:
    assert PAGE.read_text().partition(WRITTEN_BELOW)[2] == TABLES, "write it anew with `make nodes`"


def test_every_node_of_the_reference_is_there_or_left_out_with_a_reason() -> None:
    assert set(first_column(section(PAGE, "Left out"))) == set(REFERENCE) - set(BUILTIN)


def test_every_difference_is_told() -> None:
    told = section(PAGE, "Differences").partition("\nFurther")[0]
    rows = [re.findall(r"`([^`]+)`", cell) for row in told.splitlines() for cell in row.split("|")[1:3]]
    pairs = {
        (node, name) for nodes, names in zip(rows[::2], rows[1::2], strict=True) for node in nodes for name in names
    }
    assert pairs == {(node, name) for node, name, _ in DIFFERENCES}


def test_every_node_of_our_own_is_told() -> None:
    further = section(PAGE, "Differences").partition("\nFurther")[2]
    assert set(BUILTIN) - set(REFERENCE) <= set(re.findall(r"`(\w+)`", further))


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text().partition(WRITTEN_BELOW)[0] + WRITTEN_BELOW + TABLES)
