from scripts import tables


def test_the_tables_of_what_works_are_the_routes() -> None:
    for page, (start, table) in tables.TABLES.items():
        text = page.read_text(encoding="utf-8")
        assert tables.filled_in(text, start, table()) == text, f"{page.name} is out of date: run make docs"
