"""The migrations and the tables say the same, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, LargeBinary, MetaData, inspect, select, text

from server.accounts import operations as accounts
from server.app import create_app
from server.inspections import levels, projection
from server.inspections import operations as inspections
from server.inspections.tables import EventRow, InspectionRow
from server.platform import clock, migrate
from server.platform.db import create_schema, db, load_tables, session, transaction
from server.platform.settings import Settings
from tests import builders, world
from tests import phone as phones

NEWEST = ScriptDirectory(str(migrate.FOLDER)).get_current_head()


@pytest.fixture
def empty_app(database, fresh_database, tmp_path):
    """The application on a database without any table, in a context."""
    app = create_app(Settings(data=tmp_path, database_url=fresh_database(database), testing=True, limits=False))
    with app.app_context():
        yield app
        db.engine.dispose()


def differences() -> list[object]:
    load_tables()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, db.metadata)
    return [change for change in found if "alembic_version" not in repr(change)]


def test_an_empty_database_becomes_exactly_the_tables(empty_app):
    assert NEWEST is not None
    assert migrate.upgrade() == f"数据库结构已更新：空 → {NEWEST}"
    assert differences() == [], "a table changed without a migration: see server/migrations/README.md"
    assert migrate.current_revision() == NEWEST


def test_migrating_again_changes_nothing(empty_app):
    migrate.upgrade()
    assert migrate.upgrade() == "数据库结构已是最新"


def test_the_comparison_would_notice_a_missing_column(empty_app):
    migrate.upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE person DROP COLUMN name"))
    assert any("person" in repr(change) for change in differences())


def test_constraints_and_indexes_have_the_same_names_either_way(empty_app, database, fresh_database, tmp_path):
    """compare_metadata does not look at every constraint; the names in the database do not lie."""
    migrate.upgrade()
    migrated = names()
    other = create_app(
        Settings(data=tmp_path / "other", database_url=fresh_database(database), testing=True, limits=False)
    )
    with other.app_context():
        create_schema()
        created = names()
        db.engine.dispose()
    migrated.pop("alembic_version")
    assert migrated == created


def names() -> dict[str, set[str | None]]:
    seen = inspect(db.engine)
    return {
        table: {index["name"] for index in seen.get_indexes(table)}
        | {key["name"] for key in seen.get_foreign_keys(table)}
        | {unique["name"] for unique in seen.get_unique_constraints(table)}
        | {check["name"] for check in seen.get_check_constraints(table)}
        | {seen.get_pk_constraint(table)["name"]}
        for table in seen.get_table_names()
    }


def test_tables_that_are_not_ours_are_not_touched(empty_app):
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE somebodys (x INTEGER)"))
    with pytest.raises(migrate.NotOurs):
        migrate.upgrade()
    assert inspect(db.engine).get_table_names() == ["somebodys"]


def revision_before(words: str) -> str:
    """The revision just before the one whose message begins with ``words``."""
    scripts = ScriptDirectory(str(migrate.FOLDER)).walk_revisions()
    return str(next(script for script in scripts if (script.doc or "").startswith(words)).down_revision)


def at_the_revision_before(words: str) -> None:
    """Migrate the empty database to just before the revision whose message begins with ``words``."""
    migrate._prepare()
    flask_migrate.upgrade(directory=str(migrate.FOLDER), revision=revision_before(words))


def test_leaves_of_the_log_from_before_it_had_kinds_survive_as_blinded_heads(empty_app):
    at_the_revision_before("the public log carries more than heads")
    with db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO log_entry (idx, dev, n, rx, entry, salt, path, leaf, root)"
                 " VALUES (0, 'phone', 7, 1793667600000, :entry, :salt, :path, :leaf, :leaf)"),
            {"entry": b'{"k":"head"}', "salt": bytes(16), "path": b"", "leaf": bytes(32)},
        )
    migrate.upgrade()
    with db.engine.connect() as connection:
        row = connection.execute(text("SELECT idx, kind, dev, n, rx, entry, salt, leaf, public FROM log_entry")).one()
    assert (row.idx, row.kind, row.dev, row.n, row.rx) == (0, "head", "phone", 7, 1793667600000)
    assert (bytes(row.entry), bytes(row.salt), bytes(row.leaf)) == (b'{"k":"head"}', bytes(16), bytes(32))
    assert not row.public


def test_inspectors_leaders_and_imports_from_before_tables_of_people_survive(empty_app):
    at_the_revision_before("tables of people come in like tables of units")
    with db.engine.begin() as connection:
        connection.execute(text("INSERT INTO inspector (user_id, agency_id, name, certificate_no, valid_to, details) VALUES ('u', 'a', '甄检', 'X-1', '2030-01-01', '{}')"))
        connection.execute(text("INSERT INTO leading_group (id, agency_id, place, name, post, duty, from_day) VALUES ('l', 'a', 'head', '甄组', '', '', '2026-01-01')"))
        connection.execute(text(
            "INSERT INTO registry_import (id, agency_id, file_name, sha256, state, done, total, mapping, looked, decisions, by_user, at, undone_by, undone_reason)"
            " VALUES ('i', 'a', 'x.csv', 'h', 'done', 1, 1, '{}', '{}', '{}', 'u', '2026-11-01 00:00:00', '', '')"
        ))
    migrate.upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT name, import_id FROM inspector")).one() == ("甄检", None)
        assert connection.execute(text("SELECT name, import_id FROM leading_group")).one() == ("甄组", None)
        assert connection.execute(text("SELECT kind, state FROM registry_import")).one() == ("units", "done")


def test_teams_from_before_inspectors_were_lent_are_of_their_own_agency(empty_app):
    at_the_revision_before("inspectors lent to a superior")
    with db.engine.begin() as connection:
        connection.execute(text("INSERT INTO inspection_member (insp, user_id, lead) VALUES ('visit', 'inspector', true)"))
    migrate.upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT insp, user_id, home FROM inspection_member")).one() == ("visit", "inspector", "")


SAMPLES = {JSON: {"kept": [1]}, Boolean: True, Date: date(2026, 11, 3), DateTime: datetime(2026, 11, 3, 1, tzinfo=UTC),
           Integer: 7, LargeBinary: b"bytes"}  # fmt: skip


def put(table: str, **given: object) -> dict[str, object]:
    """A row of ``table`` as the database has it now, every column filled; answers what was written."""
    seen = MetaData()
    seen.reflect(db.engine, only=[table])
    columns = seen.tables[table].columns
    row = {one.name: given.get(one.name, next((v for kind, v in SAMPLES.items() if isinstance(one.type, kind)), one.name[:2])) for one in columns}
    with db.engine.begin() as connection:
        connection.execute(seen.tables[table].insert(), row)
    return row


def kept(table: str, row: dict[str, object]) -> dict[str, object]:
    """The only row of ``table`` with the columns that ``row`` has, as the present tables read them."""
    load_tables()
    here = db.metadata.tables[table]
    with db.engine.connect() as connection:
        found = dict(connection.execute(select(here)).mappings().one())
    return {name: found[name] for name in row}


def test_phones_and_inspections_from_before_keys_could_be_changed_survive_as_never_lost_and_never_replaced(empty_app):
    at_the_revision_before("lost phones, changed keys")
    put("agency", id="a-1", parent=None, parent_id=None)
    put("person", id="p-1", agency_id="a-1")
    phone = put("enrolment", dev="d" * 22, person_id="p-1", agency_id="a-1", spki=b"s" * 91, revoked_at=None)
    visit = put("inspection", id="i-1", agency_id="a-1", pack_sha=None, sealed_at=1793667600000, code="ABCDEFGHJK")
    migrate.upgrade()
    assert kept("enrolment", phone) == phone
    assert kept("inspection", visit) == visit
    device = accounts.device("d" * 22)
    assert device is not None and (device.revoked_at, device.lost_at, device.follows, device.rotated_by) == (None, None, "", "")
    assert (device.replaced_by, device.story) == ("", "")
    assert session().get_one(InspectionRow, "i-1").proof == {}
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM quarantine_decision")).scalar() == 0


def test_visits_sealed_before_levels_were_kept_survive_byte_for_byte_and_get_their_levels_when_read_again(empty_app):
    """A real visit, taken back to just before the table of levels existed: what was signed stands, and tells it all."""
    migrate.upgrade()
    empty_app.test_client_class = world.Client
    builders.use(empty_app)
    carried = phones.carry_visit(photos=0, answers=2)
    before, shown = signed_bytes(), inspections.inspection(carried.visit.insp)
    assert told_levels() == {"A3": 2}
    session().rollback()
    flask_migrate.downgrade(directory=str(migrate.FOLDER), revision=revision_before("attest levels and confirmations"))
    assert "attest_level" not in inspect(db.engine).get_table_names()
    migrate.upgrade()
    assert signed_bytes() == before
    assert inspections.inspection(carried.visit.insp) == shown
    assert told_levels() == {} and levels.confirmations(carried.visit.insp) == []
    with transaction():
        projection.rebuild(session().get_one(InspectionRow, carried.visit.insp), clock.now_ms())
    assert told_levels() == {"A3": 2}


def signed_bytes() -> list[tuple[str, bytes, bytes, bytes | None, str]]:
    rows = session().scalars(select(EventRow).order_by(EventRow.h)).all()
    return [(row.h, bytes(row.header), bytes(row.sig), row.body, row.status) for row in rows]


def told_levels() -> dict[str, int]:
    rows = session().execute(text("SELECT level, count(*) FROM attest_level GROUP BY level")).all()
    return dict(map(tuple, rows))


def test_departments_from_before_it_was_kept_who_joined_survive(empty_app):
    at_the_revision_before("registers submitted to a superior")
    with db.engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO draw (id, agency_id, year, serial, kind, purpose, period, section, title, state, proposal, witness_name, witness_user, witness_word, late, prev_void, dice, dice_kind, dice_photo,"
            " transcript_hash, created_by, created_at) VALUES ('d', 'a', 2026, 1, 'joint', 'joint', '2026-12', '', 't', 'draft', '{}', '', '', '', false, '', '', '', '', '', 'u', '2026-11-01 00:00:00')"
        ))
        connection.execute(text("INSERT INTO draw_department (draw_id, agency_id, code, items, rule, units, people) VALUES ('d', 'a', 'a', '[]', '{}', '[]', '[]')"))
    migrate.upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT draw_id, code, joined_by FROM draw_department")).one() == ("d", "a", "")
