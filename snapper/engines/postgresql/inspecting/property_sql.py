"""The SQL that sets on a database what was set on another one."""

import re
from itertools import filterfalse

from snapper.engines.postgresql.inspecting.properties import (
    PUBLIC,
    Locale,
    Properties,
    Right,
    Setting,
)
from snapper.engines.postgresql.naming.names import literal, quoted

# As pg_dump's dumputils.c has them. Their values are lists of names: one string would be one name.
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
_LOADED_FROM = {"session_preload_libraries": "", "local_preload_libraries": "$libdir/plugins/"}

# A library of the server's own folders, and of no other that a path could lead to.
_LIBRARY = re.compile(r"(?:\$libdir/(?:plugins/)?)?[A-Za-z0-9_][A-Za-z0-9_.+-]*", re.ASCII)
_OWN_FOLDERS = frozenset({"", "$libdir", "$system"})
_SEARCHED = frozenset({"dynamic_library_path", "extension_control_path"})

RUN = frozenset(
    {
        "jit_provider",
        "plperl.on_init",
        "plperl.on_plperl_init",
        "plperl.on_plperlu_init",
        "pltcl.start_proc",
        "pltclu.start_proc",
        "shared_preload_libraries",
    }
)
"""What these hold is run, or loaded, by the server itself, in every session or when a language is
first used: it could be anybody's who may write to the bucket."""

_NOT_RESTORED = (
    "its value names code or files of the server's, so it is not taken from a manifest: set it by"
    " hand, if it is meant"
)
_ITEM = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^\s,"]+))\s*(?:,|$)')

COMMENT = "its comment"

_OF_EVERYBODY = ("CONNECT", "TEMPORARY")
_OF_THE_OWNER = ("CONNECT", "CREATE", "TEMPORARY")

C_LOCALE = Locale("libc", "C", "C", "", "")
"""The locale that every server has, for every encoding."""

UNICODE = Locale("builtin", "C", "C", "C.UTF-8", "")
"""The one that every server has since 17, for UTF8: letters and their case are Unicode's."""


def create_database(name: str, encoding: str, locale: Locale | None, major: int) -> str:
    """Write the statement for a server of a major; without a locale it has the server's own.

    >>> print(create_database("d", "UTF8", Locale("icu", "C", "C", "de", ""), 18))
    CREATE DATABASE "d" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu LC_COLLATE 'C' \
LC_CTYPE 'C' ICU_LOCALE 'de'
    """
    words = [f"CREATE DATABASE {quoted(name)} TEMPLATE template0 ENCODING {literal(encoding)}"]
    if locale:
        # Before 15 there was only libc, and no word for it.
        if locale.provider != "libc" or major >= 15:
            words.append(f"LOCALE_PROVIDER {locale.provider}")
        words.append(f"LC_COLLATE {literal(locale.collate)} LC_CTYPE {literal(locale.ctype)}")
        if locale.name:
            words.append(f"{locale.provider.upper()}_LOCALE {literal(locale.name)}")
        if locale.rules:
            words.append(f"ICU_RULES {literal(locale.rules)}")
    return " ".join(words)


def statements(properties: Properties, database: str) -> dict[str, str]:
    """Give the statements that set on a new database what it does not have by itself.

    Each has a name that says what it sets, and holds no value. The owner comes first, for rights
    are its to give. The locale can only be set when the database is made. What `refused` names is
    not among them.
    """
    name = quoted(database)
    made = {"its owner": f"ALTER DATABASE {name} OWNER TO {quoted(properties.owner)}"}
    made |= _rights(properties, name)
    for setting in filterfalse(acts_on_server, properties.settings):
        made[_what(setting)] = setting_sql(setting, database)
    if properties.comment:
        made[COMMENT] = f"COMMENT ON DATABASE {name} IS {literal(properties.comment)}"
    if properties.connection_limit != -1:
        made["its connection limit"] = (
            f"ALTER DATABASE {name} CONNECTION LIMIT {properties.connection_limit}"
        )
    if properties.is_template:
        made["that it is a template"] = f"ALTER DATABASE {name} IS_TEMPLATE true"
    return made


def refused(properties: Properties) -> dict[str, str]:
    """Name the settings that are not restored, with the reason; a value is in neither."""
    return {_what(each): _NOT_RESTORED for each in properties.settings if acts_on_server(each)}


def acts_on_server(setting: Setting) -> bool:
    """Tell whether a value makes the server load or run what lies anywhere on it.

    >>> acts_on_server(Setting("", "session_preload_libraries", "auto_explain"))
    False
    >>> acts_on_server(Setting("", "session_preload_libraries", "/tmp/mine"))
    True
    """
    known, items = setting.name.lower(), _items(setting.value)
    if known in _LOADED_FROM:
        return not all(_LIBRARY.fullmatch(item) for item in items if item)
    if known in _SEARCHED:
        return not _OWN_FOLDERS.issuperset(setting.value.split(":"))
    return known in RUN


def role_missing(role: str) -> str:
    """Say, before and while it is done, what is not set for a role that is not there."""
    return (
        f"role {role} is missing here: its GRANT on the database, its settings or"
        " its ownership are skipped"
    )


def differences(one: Properties, other: Properties) -> tuple[str, ...]:
    """Name what is not the same on two databases; in these words `statements` names it too."""
    ours, theirs = statements(one, "same"), statements(other, "same")
    named = [what for what in ours | theirs if ours.get(what) != theirs.get(what)]
    return tuple((["its locale"] if one.locale != other.locale else []) + named)


def _rights(properties: Properties, name: str) -> dict[str, str]:
    """Grant and revoke what makes the rights of a new database those."""
    usual = {Right(PUBLIC, privilege, grantable=False) for privilege in _OF_EVERYBODY}
    usual |= {Right(properties.owner, privilege, grantable=False) for privilege in _OF_THE_OWNER}
    made = {}
    for right in sorted(usual - set(properties.rights), key=_order):
        if not any(_order(right) == _order(there) for there in properties.rights):
            what = f"{right.privilege} ON DATABASE {name} FROM {_grantee(right, quote=True)}"
            made[f"REVOKE {right.privilege} from {_grantee(right)}"] = f"REVOKE {what}"
    for right in sorted(set(properties.rights) - usual, key=_order):
        what = f"{right.privilege} ON DATABASE {name} TO {_grantee(right, quote=True)}"
        made[f"GRANT {right.privilege} to {_grantee(right)}"] = (
            f"GRANT {what}{' WITH GRANT OPTION' if right.grantable else ''}"
        )
    return made


def _order(right: Right) -> tuple[str, str]:
    return right.grantee, right.privilege


def _grantee(right: Right, *, quote: bool = False) -> str:
    if right.grantee == PUBLIC:
        return "PUBLIC"
    return quoted(right.grantee) if quote else right.grantee


def setting_of(name: str, role: str) -> str:
    """Say which setting it is."""
    return f"the setting {name}{f' of the role {role}' if role else ''}"


def _what(setting: Setting) -> str:
    return setting_of(setting.name, setting.role)


def setting_sql(setting: Setting, database: str) -> str:
    """Give the statement that sets it on a database."""
    of = f"ROLE {quoted(setting.role)} IN " if setting.role else ""
    items = _items(setting.value) if setting.name.lower() in _LISTS else [setting.value]
    # Without its libraries no session begins: what cannot be loaded here is not set.
    folder = _LOADED_FROM.get(setting.name.lower())
    loads = [] if folder is None else [_load(folder, item) for item in items if item]
    values = ", ".join(map(literal, items))
    setting_to = f"SET {quoted(setting.name)} TO {values}"
    return f"{''.join(loads)}ALTER {of}DATABASE {quoted(database)} {setting_to}"


def _load(folder: str, item: str) -> str:
    return f"LOAD {literal(item if '/' in item else folder + item)}; "


def _items(value: str) -> list[str]:
    r"""Take apart a list of names, as PostgreSQL keeps it.

    >>> _items('"$user", public, "a ""b"", c"'), _items(""), _items('""')
    (['$user', 'public', 'a "b", c'], [''], [''])
    """
    items, at = [], 0
    while at < len(value) and (found := _ITEM.match(value, at)):
        in_quotes = found["quoted"]
        items.append(found["plain"] if in_quotes is None else in_quotes.replace('""', '"'))
        at = found.end()
    return items if items and at == len(value) else [value]
