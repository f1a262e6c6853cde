"""A database with years of returns in it, made by PostgreSQL itself in minutes: for measurements of what people see.

Shapes of rows come from the bridge's own dataclasses. Ages, stores, states, waiting times and causes are spread as
those of a brand are: most returns long settled, some thousand on their way, each day's memos in the window of 20:00,
and open exceptions of which a few causes hold up hundreds of returns and most hold up one. Versions and raw events are
there for the returns of the last sixty days.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
from psycopg.sql import SQL, Composed, Literal

from app.db.codec import dump
from app.domain.blockers import REMEDIES, Code
from app.domain.documents import Document, Line
from app.domain.model import Order, OrderLine, Receipt, ReceiptLine, Return, ReturnItem
from app.domain.money import Money
from app.domain.policy import Kind
from benchmarks.console_desk import live_on

_TEXT, _UNITS, _PRICE, _AT = "ffff7777ffff", 987654321, Decimal("987654.32"), datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
_SPREAD: Mapping[Code, tuple[float, int]] = {
    Code.UNKNOWN_SKU: (0.28, 15),
    Code.NOT_RECEIVED: (0.18, 1),
    Code.REFUND_MISMATCH: (0.15, 1),
    Code.REFUSED: (0.10, 300),
    Code.UNMAPPED_REASON: (0.08, 500),
    Code.OVER_RECEIPT: (0.07, 1),
    Code.ALREADY_CREDITED: (0.04, 1),
    Code.EXCHANGE_FAILED: (0.03, 1),
    Code.BOOKS_DIFFER: (0.02, 1),
    Code.TRIES_USED_UP: (0.01, 100),
    Code.ORDER_AMBIGUOUS: (0.01, 1),
    Code.OVER_RETURN: (0.01, 1),
    Code.UNMAPPED_GRADE: (0.01, 200),
    Code.PERIOD_CLOSED: (0.01, 200),
}
"""The share of each code among open exceptions, and how many of them have a cause in common."""

_PLAN = """
create unlogged table plan as
select
    i as pk,
    md5('return ' || i) as id,
    (array['es', 'es', 'es', 'es', 'es', 'uk', 'uk', 'uk', 'fr', 'de'])[1 + floor(random() * 10)::int] as store,
    now() - interval '730 days' * power(random(), 1.3) as created,
    interval '1 day' * (3 + 9 * random()) as transit,
    interval '1 second'
        * (2 + 20 * power(random(), 4) + case when random() < 0.02 then 600 * random() else 0 end) as took,
    1 + floor(random() * random() * 3)::int as units,
    round((15 + 200 * random() * random())::numeric, 2) as price,
    case when random() < 0.005 then '0000000000' else lpad(floor(50000 * random() * random())::int::text, 10, '0') end
        as sku,
    random() < 0.02 as ignored,
    row_number() over (order by random() * power(i % 97 + 1, 2)) <= %(exceptions)s as held
from generate_series(1, %(returns)s) i;
alter table plan
    add currency text, add site text, add received timestamptz, add credited timestamptz, add total numeric,
    add state text;
update plan set
    currency = case when store = 'uk' then 'GBP' else 'EUR' end,
    site = case when store in ('uk', 'de') then 'london' else 'madrid' end,
    received = case when not ignored and created + transit < now() then created + transit end,
    total = units * price,
    ignored = ignored and not held;
update plan set
    credited = date_trunc('day', received - interval '20 hours') + interval '44 hours' + took
    where received is not null and not held;
update plan set state = case
    when held then 'held' when ignored then 'ignored'
    when received is null or credited > now() then 'waiting' else 'settled' end;
create index on plan (pk);
analyze plan;
"""

_ROWS = """
insert into returns (pk, store, id, data, personal, email_hash, status, phase, state, tracking_number, order_ref,
        ord_num, accepted_since, asked_at, pending, updated, created_at)
    overriding system value
    select pk, store, id, {return_}, '{{"name": "Jane Doe", "email": "jane.doe@example.com"}}',
        sha256(convert_to('customer ' || pk / 3, 'UTF8')),
        case when ignored then 'cancelled' when received is null then 'in_progress' else 'accepted' end,
        case when ignored then 'cancelled' when received is null then 'in_progress' else 'accepted' end,
        state, 'T' || id, 'W' || pk, lpad(pk::text, 10, '0'), received, created, false,
        coalesce(received, created), created
    from plan;
insert into orders (connection, ord_num, ref_num1, data, fetched_at)
    select 'main', lpad(pk::text, 10, '0'), 'W' || pk, {order}, created from plan;
insert into receipts (site, external_id, store, return_pk, n, kind, data, received_at, taken_at)
    select site, 'RCV-' || id, store, pk, 1, 'receipt', {receipt}, received, received from plan
    where received is not null;
insert into windows (store, kind, opens_at, claimed_at)
    select store, 'credit_memo', day, day from (values ('es'), ('uk'), ('fr'), ('de')) stores(store),
    generate_series(date_trunc('day', now() - interval '729 days') + interval '20 hours', now(), interval '1 day') day;
insert into batches (window_id, connection, batch_ref, batch_num, state, documents, created_at, done_at)
    select id, 'main', 'B-' || id, 'N-' || id, 'done', 0, opens_at, opens_at + interval '40 seconds' from windows;
insert into ledger (return_pk, store, connection, key, kind, n, state, ord_num, document, units, total, currency,
        number, post_at, batch_id, mapping_version, sent_at, posted_at, created_at, business_date, document_date)
    select pk, store, 'main', 'RA-' || id, 'return_authorisation', 1, 'posted', lpad(pk::text, 10, '0'), {ra}, units,
        null::numeric, null::text, 'RA' || pk, null::timestamptz, null::bigint, 'mapping', created, created + took,
        created, null, null
    from plan where not ignored
    union all
    select pk, store, 'main', 'IJ-' || id || '-1', 'inventory_journal', 1, 'posted', lpad(pk::text, 10, '0'), {ij},
        units, null, null, 'IJ' || pk, null, null, 'mapping', received, received + took, received,
        to_char(received, 'YYYY-MM-DD'), to_char(received, 'YYYY-MM-DD')
    from plan where received is not null
    union all
    select plan.pk, plan.store, 'main', 'CM-' || plan.id || '-1', 'credit_memo', 1,
        case when credited > now() then 'due' else 'posted' end, lpad(pk::text, 10, '0'), {cm}, units,
        case when credited <= now() then total end, case when credited <= now() then currency end,
        case when credited <= now() then 'CM' || pk end, date_trunc('day', credited) + interval '20 hours',
        batches.id, 'mapping', case when credited <= now() then credited end,
        case when credited <= now() then credited end, received,
        to_char(received, 'YYYY-MM-DD'), to_char(credited, 'YYYY-MM-DD')
    from plan
    left join windows on windows.store = plan.store and credited <= now()
        and windows.opens_at = date_trunc('day', credited) + interval '20 hours'
    left join batches on batches.window_id = windows.id
    where credited is not null;
update batches set documents = counted.number from
    (select batch_id, count(*) as number from ledger where batch_id is not null group by batch_id) counted
    where counted.batch_id = batches.id;
insert into history (at, return_pk, what, key, detail)
    select created, pk, 'return known', null, '{{"status": "in_progress"}}' from plan
    union all select created + took, pk, 'posted', 'RA-' || id, jsonb_build_object('number', 'RA' || pk) from plan
        where not ignored
    union all select received, pk, 'receipt', null, jsonb_build_object('site', site, 'units', units) from plan
        where received is not null
    union all select received + took, pk, 'posted', 'IJ-' || id || '-1', jsonb_build_object('number', 'IJ' || pk)
        from plan where received is not null
    union all select credited, pk, 'posted', 'CM-' || id || '-1', jsonb_build_object('number', 'CM' || pk) from plan
        where credited <= now();
insert into return_versions (return_pk, version, status, data, updated, at)
    select pk, version, status, data, updated, created_at from returns where created_at > now() - interval '60 days';
insert into ledger_versions (ledger_id, state, number, document, mapping_version, at)
    select id, state, number, document, mapping_version, created_at from ledger
    where created_at > now() - interval '60 days';
insert into inbox (channel, name, external_id, body, state, return_pk, received_at)
    select 'reveni', store, 'e-' || id, '{{}}', 'done', pk, created from plan
    where created > now() - interval '60 days';
insert into items (connection, division, sku, upc, known, active, data, seen_at)
    select 'main', '010', lpad(i::text, 10, '0'), '84' || lpad(i::text, 11, '0'), true, true,
        jsonb_build_object('sku', lpad(i::text, 10, '0'), 'upc', '84' || lpad(i::text, 11, '0'), 'division', '010',
        'active', true, 'style', 'ST' || i / 20, 'color_code', 'C' || i % 20 / 5, 'size_name', 'S' || i % 5), now()
    from generate_series(0, 49999) i;
"""

_EXCEPTIONS = """
insert into exceptions (code, cause, team, store, return_pk, return_id, units, amount, currency, message, opened_at,
        alerted_at)
    select {code}, cause, {team}, store, pk, id, units, total, currency, cause || ' stands in the way.', opened, opened
    from (
        select plan.*, least(now(), coalesce(received, created) + interval '1 hour') as opened,
            case when {each} = 1 then store || ':' || id
            -- A digit too many behind a SKU that there is.
            when {code} = 'unknown_sku' then
                store || ':' || lpad((row_number() over (order by pk) / {each})::text, 10, '0') || '9'
            else store || ':' || (row_number() over (order by pk) / {each}) end as cause
        from (select *, row_number() over (order by md5(id)) as place from plan where held) plan
        where place > {after} and place <= {until}
    ) each;
"""


def fill(conninfo: str, returns: int, exceptions: int) -> None:
    """Fill an empty, migrated database: so many returns, so many of them with an open exception."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        # No triggers and no checks of foreign keys: what they would write is written here.
        connection.execute("set session_replication_role = replica")
        connection.execute("set work_mem = '256MB'")
        connection.execute("set maintenance_work_mem = '512MB'")
        connection.execute("select setseed(0.5)")
        for statement in _PLAN.split(";\n"):
            connection.execute(_bound(statement, returns=returns, exceptions=exceptions))
        indexes = _drop_indexes(connection)
        shapes = _shapes()
        for statement in _ROWS.split(";\n"):
            if statement.strip():
                connection.execute(SQL(statement).format(**shapes))
        _open_exceptions(connection, exceptions)
        live_on(connection)
        for index in indexes:
            connection.execute(index)
        connection.execute("select setval(pg_get_serial_sequence('returns', 'pk'), (select max(pk) from returns))")
        connection.execute("drop table plan")
        connection.execute("vacuum (analyze)")


def _bound(statement: str, **values: int) -> Composed:
    parts = {name: Literal(value) for name, value in values.items()}
    for name in values:
        statement = statement.replace(f"%({name})s", "{" + name + "}")
    return SQL(statement).format(**parts)


def _drop_indexes(connection: psycopg.Connection) -> list[str]:
    """Drop all indexes that hold up no constraint; how to make them again."""
    found = connection.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
        " join pg_class on pg_class.oid = indrelid join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname = 'public' and relkind = 'r' and relname <> 'plan'"
        " and not exists (select from pg_constraint where conindid = indexrelid)"
    ).fetchall()
    for name, _ in found:
        connection.execute(SQL("drop index {}").format(SQL(name)))
    return [definition for _, definition in found]


def _open_exceptions(connection: psycopg.Connection, exceptions: int) -> None:
    after = 0
    for code, (share, each) in _SPREAD.items():
        until = after + round(share * exceptions)
        values = {"code": code.value, "team": REMEDIES[code].team.value, "each": each, "after": after, "until": until}
        connection.execute(SQL(_EXCEPTIONS).format(**{name: Literal(value) for name, value in values.items()}))
        after = until


def _shapes() -> dict[str, Composed]:
    """The JSON of rows: what the bridge would write for one return, with this return's values in it."""
    zero = Money.of("0.00", "EUR")
    item = ReturnItem("i1", f"{_TEXT}sku", _UNITS, _PRICE, "accepted", "too_small")
    line = Line(1, f"{_TEXT}sku", _UNITS, ord_line_seq=1, ra_line_seq=1, location="MAD01", disposition="A")
    paid = Money.of(_PRICE, "EUR")
    bought = OrderLine(1, f"{_TEXT}sku", None, _UNITS, _UNITS, _PRICE, paid, zero, paid, "V0", Decimal(0), zero)
    number = f"{_TEXT}order"
    made = {
        "return_": Return(
            f"{_TEXT}store", f"{_TEXT}id", "accepted", "refund", False, _AT, _AT, f"{_TEXT}currency", _PRICE,
            f"W{_TEXT}pk", (item,), tracking_number=f"T{_TEXT}id",
        ),
        "order": Order(
            number, f"W{_TEXT}pk", None, None, None, "010", "1", "ES", "S", "I", "EUR", zero, zero, (bought,)
        ),
        "receipt": Receipt(
            f"RCV-{_TEXT}id", f"{_TEXT}site", "receipt", _AT, (ReceiptLine(_UNITS, "A", f"{_TEXT}sku"),)
        ),
        "ra": Document(f"RA-{_TEXT}id", Kind.RETURN_AUTHORISATION, 1, number, (line,)),
        "ij": Document(
            f"IJ-{_TEXT}id-1", Kind.INVENTORY_JOURNAL, 1, number, (replace(line, rec_type="RT"),),
            source=f"{_TEXT}site/RCV-{_TEXT}id",
        ),
        "cm": Document(f"CM-{_TEXT}id-1", Kind.CREDIT_MEMO, 1, number, (line,), (f"IJ-{_TEXT}id-1",)),
    }  # fmt: skip
    return {name: _with_values(json.dumps(dump(value))) for name, value in made.items()}


def _with_values(shape: str) -> Composed:
    expression: Composed = SQL("{}").format(Literal(shape))
    values = {f"{_TEXT}{name}": name for name in ("store", "id", "currency", "pk", "sku", "site")}
    values |= {f"{_TEXT}order": "lpad(pk::text, 10, '0')", str(_UNITS): "units", str(_PRICE): "price"}
    values[_AT.isoformat()] = "to_char(created at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"
    for word, column in values.items():
        if word in shape:
            text = SQL(column if column.startswith(("to_char", "lpad")) else f"plan.{column}::text")
            expression = SQL("replace({}, {}, {})").format(expression, Literal(word), text)
    return SQL("({})::jsonb").format(expression)
