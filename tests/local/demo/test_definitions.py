"""A definition is the same whatever is written around it, and in whatever order its grants are."""

from local.demo.definitions import read


def test_grants_in_another_order_are_the_same_definition() -> None:
    entry = b"--\n-- Name: TABLE t; Type: ACL; Schema: public; Owner: o\n--\n\n%s\n\n\n"
    assert read(entry % b"GRANT A;\nGRANT B;") == read(entry % b"GRANT B;\nGRANT A;")


def test_the_restrict_token_is_no_definition() -> None:
    dump = (
        b"\\restrict %(token)s\n--\n-- Name: t; Type: TABLE; Schema: public; Owner: o\n--\n\n"
        b"CREATE;\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict %(token)s\n"
    )
    assert (
        read(dump % {b"token": b"one"})
        == read(dump % {b"token": b"two"})
        == {"TABLE public.t": "owner o\nCREATE;"}
    )


def test_an_empty_database_has_no_definitions() -> None:
    assert read(b"--\n-- PostgreSQL database dump complete\n--\n") == {}
