"""What people leave behind in the years of `console_books`: a desk with closed exceptions, approvals, comments, jobs.

And the returns that are longest: the first twenty were told and received again and again, and hundreds of things
happened to each of them.
"""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Literal

from app.pseudonym import pseudonym
from app.secret import Secret

KEY = Secret("bench" * 10)
"""The key of the e-mails' hashes."""
SITE, RECEIPT = "madrid", "station-bench"
"""A site that receives in the console, and the receipt of which the page tells where its goods go."""
BESTSELLER = "0000000000"
"""A SKU that thousands of returns have."""


def email(number: int) -> str:
    """The e-mail of a customer who returns often."""
    return f"customer-{number}@example.com"


_LONG = """
insert into inbox (channel, name, external_id, body, state, return_pk, received_at)
    select 'reveni', store, 'e-' || id || '-' || n, '{{}}', 'done', pk, created_at + n * interval '1 hour'
    from returns, generate_series(1, 60) n where pk <= 20;
insert into return_versions (return_pk, version, status, data, updated, at)
    select pk, n, status, data, updated, created_at + n * interval '1 hour'
    from returns, generate_series(1, 60) n where pk <= 20;
insert into receipts (site, external_id, store, return_pk, n, kind, data, received_at, taken_at)
    select site, external_id || '-' || m, store, return_pk, m, kind,
        replace(data::text, external_id, external_id || '-' || m)::jsonb, received_at, taken_at
    from receipts, generate_series(2, 12) m where return_pk <= 20;
insert into ledger (return_pk, store, connection, key, kind, n, state, ord_num, document, units, number,
        mapping_version, sent_at, posted_at, created_at)
    select return_pk, ledger.store, connection, 'IJ-' || returns.id || '-' || m, kind, m, 'posted', ledger.ord_num,
        replace(replace(document::text, 'IJ-' || returns.id || '-1', 'IJ-' || returns.id || '-' || m),
            'RCV-' || returns.id, 'RCV-' || returns.id || '-' || m)::jsonb,
        units, 'IJ' || m || '-' || pk, mapping_version, sent_at, posted_at, ledger.created_at
    from ledger join returns on pk = return_pk, generate_series(2, 12) m
    where return_pk <= 20 and kind = 'inventory_journal';
insert into ledger_versions (ledger_id, state, number, document, mapping_version, at)
    select id, case step when 1 then 'due' when 2 then 'sending' else 'posted' end, case step when 3 then number end,
        case step when 1 then document end, mapping_version, created_at + step * interval '1 second'
    from ledger, generate_series(1, 3) step where return_pk <= 20;
insert into history (at, return_pk, what, key, detail)
    select created_at + n * interval '5 minutes', pk, 'to be tried again', 'CM-' || id || '-1',
        jsonb_build_object('why', 'BlueCherry GET /sales_orders/' || ord_num || ': no certain answer (status 502)')
    from returns, generate_series(1, 300) n where pk <= 20;
insert into decisions (return_pk, code, cause, action, by, note, at)
    select pk, 'refund_mismatch', store || ':' || id || n, 'resolved', 'person-' || n, 'Settled by telephone.',
        created_at + n * interval '1 day'
    from returns, generate_series(1, 10) n where pk <= 20;
"""

_DESK = """
insert into exceptions (code, cause, team, store, return_pk, return_id, units, amount, currency, message, opened_at,
        alerted_at, closed_at, closed_by)
    select (array['unknown_sku', 'refused', 'over_receipt'])[1 + pk % 3], store || ':' || pk / 7,
        (array['merchandising', 'integration', 'logistics'])[1 + pk % 3], store, pk, id, 1, 20, 'EUR',
        pk || ' stood in the way.', created_at, created_at, created_at + interval '2 days',
        case when pk % 4 = 0 then 'person-' || pk % 60 else 'the cause is gone' end
    from returns where pk % 5 = 0 and created_at < now() - interval '3 days';
update exceptions set assigned_to = 'person-' || id % 60 where closed_at is null and id % 3 = 0;
update exceptions set tags = array['supplier-' || id % 40] where closed_at is null and id % 7 = 0;
update exceptions set snoozed_until = now() + interval '2 days' where closed_at is null and id % 50 = 0;
insert into orders (connection, ord_num, ref_num1, data, fetched_at)
    select connection, 'S' || n || '-' || ord_num, ref_num1, data, fetched_at
    from orders, generate_series(1, 3) n where ref_num1 in (
        select order_ref from returns join exceptions on return_pk = returns.pk where code = 'order_ambiguous');
insert into exception_comments (exception_id, at, by, text)
    select id, opened_at + n * interval '1 hour', 'person-' || n, 'Called the warehouse: they look for it.'
    from exceptions, generate_series(1, 3) n where closed_at is null and id % 3 = 0;
insert into exception_comments (exception_id, at, by, text)
    select id, opened_at + n * interval '1 hour', 'person-' || n, 'Called them again.'
    from (select * from exceptions where closed_at is null order by md5(id::text) limit 20) busy,
        generate_series(1, 60) n;
insert into history (at, return_pk, what, detail)
    select opened_at + n * interval '1 hour', return_pk, 'retried',
        jsonb_build_object('by', 'person-' || n, 'code', code)
    from (select * from exceptions where closed_at is null order by md5(id::text) limit 20) busy,
        generate_series(1, 60) n;
insert into approvals (action, exception_ids, team, units, amount, currency, reason, asked_by, asked_at, state,
        decided_by, decided_at)
    select 'resolve', array[id], team, units, amount, currency, 'A gift of the shop.', 'person-1', opened_at,
        case when id % 10 = 0 then 'open' else 'approved' end, case when id % 10 <> 0 then 'person-2' end,
        case when id % 10 <> 0 then opened_at + interval '1 hour' end
    from exceptions where closed_at is null and id % 2 = 0;
insert into approvals (action, exception_ids, team, units, amount, currency, reason, asked_by)
    select 'resolve', array_agg(id), min(team), sum(units), sum(amount), 'EUR', 'The supplier takes them all.',
        'person-3'
    from (select * from exceptions where closed_at is null and code = 'unmapped_reason' limit 1000) many;
insert into bulk_jobs (action, exception_ids, by, done, finished_at)
    select 'retry', (select array_agg(id) from (select id from exceptions where closed_at is null limit 500) many),
        'person-4', 500, now() from generate_series(1, 200);
insert into people (login, name, role, teams)
    select 'person-' || n, 'Person ' || n, 'operator',
        array[(array['finance', 'cx', 'logistics', 'merchandising', 'integration'])[1 + n % 5]]
    from generate_series(0, 59) n;
insert into history (at, what, key, detail)
    select now() - n * interval '10 minutes', 'act', '/console/exceptions/act',
        jsonb_build_object('by', 'person-' || n % 60, 'answer', 302, 'action', 'retry')
    from generate_series(1, 100000) n;
insert into mapping_edits (overlay, by, note, at)
    select jsonb_build_object('stores', jsonb_build_object('es', jsonb_build_object('reasons', (
            select jsonb_object_agg('reason_' || m, 'SZ') from generate_series(1, n) m)))),
        'person-5', 'One reason more.', now() - (300 - n) * interval '1 day'
    from generate_series(1, 200) n;
insert into sign_offs (rhythm, day, team, point, by, open, at)
    select 'daily', day, 'finance', point, 'Person 6 (person-6)', 3, day + interval '9 hours'
    from generate_series(now() - interval '730 days', now(), interval '1 day') day,
        unnest(array['windows_posted', 'books_agree', 'refunds_tie', 'goods_never_came']) point;
insert into window_holds (store, kind, reason, by) values ('fr', 'exchange_order', 'The auditors look.', 'person-6');
insert into inbox (channel, name, external_id, body, state) values ('warehouse', {site}, {receipt},
    {message}, 'done');
"""

_MESSAGE = (
    f'{{"id": "{RECEIPT}", "type": "receipt", "received_at": "2026-01-02T03:04:05+00:00", "tracking_number": "T1",'
    ' "items": [{"sku": "0000000001", "quantity": 1, "grade": "A"}]}'
)


def live_on(connection: psycopg.Connection) -> None:
    """Add all of it to books that stand; the mirrors' triggers are off."""
    places = {"site": Literal(SITE), "receipt": Literal(RECEIPT), "message": Literal(_MESSAGE)}
    for statement in (_LONG + _DESK).split(";\n"):
        if statement.strip():
            connection.execute(SQL(statement).format(**places))
    for number in range(1, 21):
        known = pseudonym(email(number), KEY)
        connection.execute("update returns set email_hash = %s where pk %% 50000 = %s", [known, number])
