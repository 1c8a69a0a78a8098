"""The changes of a copy of the shop that a comparison is shown, and what is to be told of each."""

SUBTLE = (
    (
        "UPDATE extremes SET double_ = 0 WHERE double_ = '-0'",
        "table public.extremes: 1 rows only in the source, 1 only in the copy",
    ),
    (
        "UPDATE extremes SET fixed = NULL WHERE fixed = ''",
        "table public.extremes: 1 rows only in the source, 1 only in the copy",
    ),
)
"""Those that another one of the same row would hide."""

CHANGES = (
    (
        "DELETE FROM twins WHERE ctid = (SELECT min(ctid) FROM twins)",
        "table public.twins: 1 rows only in the source, 0 only in the copy",
    ),
    (
        "INSERT INTO no_columns DEFAULT VALUES",
        "table public.no_columns: 0 rows only in the source, 1 only in the copy",
    ),
    ("CREATE TABLE extra ()", "table public.extra is only in the copy"),
    ("DROP TABLE unlogged_cache", "table public.unlogged_cache is only in the source"),
    ("SELECT nextval('untouched')", "sequence public.untouched differs"),
    (
        "SELECT setval((SELECT oid FROM pg_class WHERE relname LIKE 'Called%'), 77, true)",
        'sequence public.Called? "no" differs',
    ),
    (r"SELECT lo_put(4714, 500000, '\x00')", "large object 4714 differs"),
    ("SELECT lo_unlink(4711)", "large object 4711 is only in the source"),
    ("REVOKE ALL ON LARGE OBJECT 4712 FROM reader", "large object 4712 differs"),
    ("DROP INDEX orders_by_day", "definition INDEX public.orders_by_day is only in the source"),
    (
        "ALTER TABLE orders ENABLE TRIGGER stamp",
        "definition TRIGGER public.orders stamp differs",
    ),
    ("ALTER TYPE mood ADD VALUE 'new'", "definition TYPE public.mood differs"),
    (
        "ALTER VIEW good_customers OWNER TO reader",
        "definition VIEW public.good_customers differs",
    ),
    (
        "REVOKE SELECT ON orders FROM reader",
        'definition ACL public.TABLE "orders" is only in the source',
    ),
)
"""All others, one of each kind; none hides another."""
