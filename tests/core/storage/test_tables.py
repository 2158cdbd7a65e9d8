"""TinyDB's own calls on these tables: they mean what they mean on TinyDB's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tinydb import TinyDB, where
from tinydb.operations import increment
from tinydb.storages import MemoryStorage
from tinydb.table import Document, Table

from galion_core.storage.journal import Journal
from galion_core.storage.tables import Database, JournalStorage, JournalTable, identified

AnyTable = Any  # ids are text in ours, numbers in TinyDB's


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path)
    yield journal
    journal.close()


@pytest.fixture
def database(journal: Journal) -> Database:
    return Database(journal, storage=JournalStorage)


@pytest.fixture
def table(database: Database) -> JournalTable:
    table = database.table("t")
    assert isinstance(table, JournalTable)
    return table


def contents(table: Table) -> dict[str, dict[str, Any]]:
    return {str(document.doc_id): dict(document) for document in table}


def test_insert_gives_an_id_and_get_finds_it(table: JournalTable) -> None:
    doc_id = table.insert({"name": "a"})
    assert table.get(doc_id=doc_id) == {"name": "a"}
    assert table.get(doc_id=doc_id).doc_id == doc_id
    assert table.get(where("name") == "a").doc_id == doc_id
    assert table.contains(doc_id=doc_id)
    assert not table.contains(where("name") == "b")


def test_ids_are_text_and_may_be_named(table: JournalTable) -> None:
    assert table.insert(identified({"n": 1}, "mine")) == "mine"
    with pytest.raises(ValueError, match="already exists"):
        table.insert(identified({"n": 2}, "mine"))
    assert contents(table) == {"mine": {"n": 1}}


def test_the_calls_of_a_program_give_what_they_give_on_tinydbs_own_table(
    table: JournalTable,
) -> None:
    def program(t: AnyTable, ids: Mapping[int, Any]) -> Iterator[object]:
        t.insert_multiple([Document({"n": n, "even": n % 2 == 0}, ids[n]) for n in range(10)])
        yield len(t)
        yield [d["n"] for d in t.search(where("even") == True)]  # noqa: E712 - TinyDB's language
        t.update({"odd": True}, where("even") == False)  # noqa: E712
        t.update(increment("n"), doc_ids=[ids[2], ids[4]])
        t.update_multiple([({"low": True}, where("n") < 3), ({"high": True}, where("n") > 6)])
        yield [dict(d) for d in t.all()]
        t.upsert({"n": 100, "even": True}, where("n") == 8)
        t.upsert(Document({"new": 1}, ids[3]))
        yield t.count(where("even") == True)  # noqa: E712
        yield len(t.remove(where("n") > 6)), len(t.remove(doc_ids=[ids[0], ids[0 + 1]]))
        yield [dict(d) for d in t]
        yield [dict(d) for d in t.get(doc_ids=[ids[3], ids[2]])]
        t.truncate()
        yield len(t), t.all()

    ours = list(program(table, {n: f"id-{n}" for n in range(10)}))
    theirs = list(program(TinyDB(storage=MemoryStorage).table("t"), {n: n + 1 for n in range(10)}))
    assert ours == theirs


def test_upsert_inserts_what_is_not_there(table: JournalTable) -> None:
    table.upsert({"name": "a", "n": 1}, where("name") == "a")
    table.upsert({"name": "a", "n": 2}, where("name") == "a")
    table.upsert(identified({"n": 3}, "mine"))
    assert [dict(d) for d in table] == [{"name": "a", "n": 2}, {"n": 3}]


def test_the_default_table_and_the_tables_of_a_database_work(database: Database) -> None:
    database.insert({"n": 1})
    database.table("other").insert({"n": 2})
    assert database.tables() == {"_default", "other"}
    assert [dict(d) for d in database] == [{"n": 1}]
    database.drop_table("other")
    assert database.tables() == {"_default"}
    database.drop_tables()
    assert (database.tables(), len(database)) == (set(), 0)


def test_what_is_stored_is_there_for_the_next_one(database: Database, journal: Journal) -> None:
    database.table("t").insert(identified({"n": [1, {"deep": None}]}, "é"))
    other = Database(Journal(journal.folder), storage=JournalStorage)
    assert contents(other.table("t")) == {"é": {"n": [1, {"deep": None}]}}
    other.close()


def test_a_query_is_not_answered_from_before_another_ones_change(
    table: JournalTable, journal: Journal
) -> None:
    query = where("n") == 1
    assert table.search(query) == []
    other = Database(Journal(journal.folder), storage=JournalStorage)
    other.table("t").insert({"n": 1})
    other.close()
    assert len(table.search(query)) == 1


def test_an_updater_that_raises_changes_nothing(table: JournalTable) -> None:
    table.insert_multiple([{"n": 1}, {"n": 2}])
    before = contents(table)

    def spoil(document: MutableMapping[str, Any]) -> NoReturn:
        document["n"] = 9
        document["list"] = []
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        table.update(spoil)
    assert contents(table) == before


def test_only_touched_documents_are_written(table: JournalTable, journal: Journal) -> None:
    table.insert_multiple(identified({"n": n}, f"id-{n}") for n in range(5))
    size = (journal.folder / "journal-1").stat().st_size
    table.update({"m": 1}, where("n") == 3)
    table.update({"n": 3}, where("n") == 3)  # as it was
    table.remove(where("n") == 99)
    written = (journal.folder / "journal-1").read_bytes()[size:]
    assert written.partition(b" ")[2] == b'[["t","id-3",{"n":3,"m":1}]]\n'


def test_a_number_that_becomes_a_truth_is_a_change(table: JournalTable) -> None:
    table.insert(identified({"n": 1}, "a"))
    table.update({"n": True})
    assert table.get(doc_id="a")["n"] is True


def test_what_was_handed_out_can_be_changed_without_a_trace(table: JournalTable) -> None:
    table.insert(identified({"list": [{"n": 1}]}, "a"))
    query = where("list").exists()
    for found in (table.get(doc_id="a"), table.search(query)[0], table.all()[0], table.get(query)):
        found["list"][0]["n"] = 2
        found["list"].append(3)
    assert contents(table) == {"a": {"list": [{"n": 1}]}}


def test_one_document_is_read_without_looking_at_the_others(
    table: JournalTable, journal: Journal
) -> None:
    table.insert_multiple(identified({"n": n}, str(n)) for n in range(3))

    class OnlyOne(dict[str, Any]):
        def __iter__(self) -> NoReturn:
            raise AssertionError("the table was walked")

        keys = items = values = copy = __iter__  # type: ignore[assignment]

    with journal.reading() as tables:
        tables["t"] = OnlyOne(tables["t"])
    assert table.get(doc_id="1") == {"n": 1}
    assert table.update({"n": 5}, doc_ids=["1"]) == ["1"]
    assert table.get(doc_id="1") == {"n": 5}
    assert table.remove(doc_ids=["2"]) == ["2"]


def test_a_table_can_be_changed_while_it_is_walked(table: JournalTable) -> None:
    table.insert_multiple({"n": n} for n in range(5))
    seen = 0
    for document in table:
        table.remove(doc_ids=[document.doc_id])
        table.insert({"n": 10})
        seen += 1
    assert (seen, len(table)) == (5, 5)
