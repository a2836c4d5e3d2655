"""Manifest of a source, as data: access levels, endpoints, budgets, terms, dates, ranks, links."""

from __future__ import annotations

from functools import cached_property
from importlib.resources import files
from typing import Literal

import msgspec

from phonofilm.errors import ConfigurationError
from phonofilm.records import BY_KIND, bit_of, core_fields
from phonofilm.records.values.clean import IdPatterns

_DAY_SECONDS = 86_400


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rate limit of `limit` requests in any `seconds`; windows over an hour are kept on disk.

    With `endpoints`, only requests of these endpoints count.
    """

    limit: int
    seconds: float
    endpoints: list[str] = []


class Auth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[auth]` table of a manifest: how requests are authorised.

    - `none`: it does not.
    - `client_credentials`: an app's id and secret are changed for tokens at `url`, which gives at
      most `budgets` of them.
    - `token`: a token is sent as the operator has it; with `optional`, only where there is one.
    - `user_token`: the same, or one in the operator's name, granted under the path `url`.
    - `key_parameter`: a client id goes along as `parameter` of every request.

    `scheme` is the word before a token. With `contact`, the user agent must name a contact.
    """

    kind: Literal["none", "client_credentials", "token", "user_token", "key_parameter"] = "none"
    scheme: str = "Bearer"
    url: str = ""
    budgets: list[Budget] = []
    parameter: str = ""
    optional: bool = False
    contact: bool = False

    def __post_init__(self) -> None:
        if self.kind in ("client_credentials", "user_token") and not self.url:
            raise ValueError(f"auth of kind {self.kind} needs a url")
        if self.kind == "key_parameter" and not self.parameter:
            raise ValueError("auth of kind key_parameter needs a parameter")

    @property
    def needs_key(self) -> bool:
        """True when no request is possible without a credential."""
        return self.kind != "none" and not self.optional


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An access level: its rate limits, and the fields it lacks (`artist.popularity`) with dates.

    With `grows`, entities can only be searched for, so queries are made of the records found.
    `concurrent` is the largest number of requests under way. With `consent` it reads pages that are
    not for robots, so the operator states who allowed it in writing, and robots.txt is obeyed.
    """

    text: str = ""
    budgets: list[Budget] = []
    lacks: dict[str, str] = {}
    grows: bool = False
    concurrent: int | None = None
    consent: bool = False

    @property
    def has_daily_quota(self) -> bool:
        """True when requests are so few that they are counted by the day."""
        return any(budget.seconds >= _DAY_SECONDS for budget in self.budgets)


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms of use; `summary` is shown to the operator, at most five lines.

    `forbids` are uses (commercial, share, training): exports for such a use refuse the rows.
    `keep_days` is how long rows may be kept; with `must_accept` the source is off until the
    operator accepts the terms.
    """

    version: str = ""
    url: str = ""
    summary: list[str] = []
    forbids: list[str] = []
    licence: str = ""
    attribution: str = ""
    keep_days: int | None = None
    must_accept: bool = False


class Priority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rank of the source among all that know an entity; the lowest rank gives the value.

    `fields` are ranks of single fields, where the source is better or worse at them than as a
    whole. Ranks are numbers with room between them; a source without ranks comes last.
    """

    default: int = 1000
    fields: dict[str, int] = {}


class Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Links to the source's pages and ids, as people copy them (`sources/links.py`).

    All patterns match whole texts. `patterns` are host and path of pages, `uris` what is no
    address, both with the groups `kind` and `id`, tried in order. Where the kind is empty, the
    beginning of the id gives it (`prefixes`). `kinds` maps the source's word for a kind to ours.
    `addresses` are host and path of nodes that are requested by address, by kind; the group `id` is
    the address without its scheme. `reserved` are, by group, words of the source that name nothing
    of anybody. `parameters` of a page's address name a part of it, by kind. `share_hosts` give
    short addresses that redirect to a page. `none` is the reason why there are no patterns.
    """

    patterns: list[str] = []
    uris: list[str] = []
    addresses: dict[str, str] = {}
    reserved: dict[str, list[str]] = {}
    parameters: dict[str, str] = {}
    share_hosts: list[str] = []
    prefixes: dict[str, str] = {}
    kinds: dict[str, str] = {}
    none: str = ""


class Ids(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ids of the source, and ids of others that it understands.

    `pattern` matches a whole id, `case` is the one that its ids are written in where either is
    understood. `patterns` are the same by kind, where ids of a kind differ; they are SQL as well,
    so they have no look-ahead. Ids of kinds without one are any text but blanks, zeros and negative
    numbers. `namespace` is the source whose ids it uses, itself when empty. `pages` are page
    addresses by kind, with `{id}`, as other catalogues link to them. `track_codes` are the sources
    whose track ids its `track_code` nodes may be, besides ISRCs. `example` stands for any id.
    """

    pattern: str = r"\S+"
    case: Literal["", "lower", "upper"] = ""
    namespace: str = ""
    patterns: dict[str, str] = {}
    pages: dict[str, str] = {}
    track_codes: list[str] = []
    example: str = "1"


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where people stand in responses, so that a person can be found and erased.

    `ids` are the fields of a person that may hold the id, the first one first, and `names` those
    with names. `owners` are fields that hold the person an object belongs to, `owner_ids` those
    that hold the id alone. `kind` is the `kind` of an object that is a person itself. `handle` is
    the field whose value stands in the address of the profile, and `profile` the pattern of such
    an address, the handle being its group. `track_ids` are, by the `kind` of objects that are
    erased with a track, the fields that hold the track's id.
    """

    ids: list[str] = []
    names: list[str] = []
    owners: list[str] = []
    owner_ids: list[str] = []
    kind: str = ""
    handle: str = ""
    profile: str = ""
    track_ids: dict[str, list[str]] = {}


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares (0 to 1) of records that have what a shape promises, where that is not nearly all.

    `filled` are shares of records with a value in a field (`track.isrc`), `present` of those that
    show the field, null or not, or of responses with any record of a kind (`tag`); of one endpoint
    after its name (`related/artist.url`). 0 expects nothing, so that only what a folder gave before
    counts. `keys` are, by endpoint or by a shape that it returns, keys that every body with records
    has and whose loss would show in no field.
    """

    present: dict[str, float] = {}
    filled: dict[str, float] = {}
    keys: dict[str, list[str]] = {}


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An endpoint: the kind of node it is about (`subject`), what it lists, the shapes it returns.

    `role`: seed (needs nothing), search (finds by words), detail (the node itself), contain (what
    belongs to the node), measure (figures of the node), relate (similar nodes), stored (never
    requested: responses that a person saved, files that were fetched). Without a `subject` it is
    requested only where another response continues in it: the list of a node of the kind
    `continues`.

    `expected_items` are the records by kind that a request is expected to return before the first
    one was made. `gone` are access levels that lost the endpoint, with the date. `batch` is the
    number of ids in one request, `page` the page size by access level, `max_offset` the offset
    after which a list returns nothing more. `membership_field` (`artist.genres`) contains the
    lists of this kind that a record stands in. `size_field` (`track.comment_count`) of the node is
    the size of its list: the longest are requested first, empty ones never. With `complete` it
    lists all there is, so no other endpoint need be searched for them. `whole` are the kinds of
    rows of which a response, with the pages that continue it, holds all that belong to one list
    (`warehouse/load/list_pages.py`). With `search_only` it is requested only where the access level
    `grows`. `personal` are the paths of people's names and ids in the body (`privacy/pseudonyms.py`
    defines the syntax). `post` is the field of a JSON body that carries the ids instead of the URL.
    `base_url` is another host that serves this endpoint; no key is ever sent there.
    """

    path: str
    subject: str
    role: Literal["seed", "search", "detail", "contain", "measure", "relate", "stored"]
    item_kind: str = ""
    returns: list[str] = []
    query: dict[str, str] = {}
    paging: str = ""
    page: dict[str, int] = {}
    batch: int = 1
    max_offset: int | None = None
    expected_items: dict[str, float] = {}
    gone: dict[str, str] = {}
    personal: list[str] = []
    membership_field: str = ""
    search_only: bool = False
    post: str = ""
    base_url: str = ""
    size_field: str = ""
    complete: bool = False
    continues: str = ""
    whole: list[str] = []

    @property
    def node_kind(self) -> str:
        """Kind of the nodes that its requests are about."""
        return self.subject or self.continues

    @property
    def looks_up(self) -> bool:
        """True when a response holds all fields of the nodes themselves."""
        return f"{self.subject}.full" in self.returns and self.role in ("detail", "measure")

    def page_size(self, access: str) -> int:
        """Return the largest page size that an access level allows."""
        return self.page.get(access) or self.page["default"]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a dump: compressed size and rows at the manifest's date, and shapes."""

    megabytes: float
    rows: int
    returns: list[str]


class Manifest(msgspec.Struct, dict=True, forbid_unknown_fields=True):
    """The whole manifest of a source; derived tables are computed once.

    `shapes` are the fields that an object has in a response, by names such as `artist.full`.
    `seed_genres` are genres to begin with where the list of genres is gone. `media` are the fields
    that hold addresses of files which may be stored, by role.
    """

    name: str
    title: str
    base_url: str
    access: dict[str, Access]
    endpoints: dict[str, Endpoint]
    terms: Terms
    shapes: dict[str, list[str]]
    default_access: str
    auth: Auth = Auth()
    dumps_url: str = ""
    seed_genres: list[str] = []
    files: dict[str, File] = {}
    media: dict[str, list[str]] = {}
    priority: Priority = Priority()
    links: Links = Links()
    ids: Ids = Ids()
    people: People = People()
    shares: Shares = Shares()

    @property
    def namespace(self) -> str:
        """Name of the source whose ids these are."""
        return self.ids.namespace or self.name

    @cached_property
    def names_people(self) -> bool:
        """Whether any response has fields of people, which are hashed before it is written."""
        return any(endpoint.personal for endpoint in self.endpoints.values())

    def permitted(self, access: str) -> dict[str, Endpoint]:
        """Return the endpoints of an access level; `search_only` ones only where it `grows`."""
        grows = self.access[access].grows
        return {
            name: endpoint
            for name, endpoint in self.endpoints.items()
            if access not in endpoint.gone
            and (grows or not endpoint.search_only)
            and endpoint.role != "stored"
        }

    def shown(self, shape: str, access: str) -> frozenset[str]:
        """Return the fields that a shape such as `artist.full` has at an access level."""
        kind = shape.partition(".")[0]
        lacks = {name.partition(".")[2] for name in self.access[access].lacks if _is(name, kind)}
        return frozenset(self.shapes[shape]) - lacks

    def obtainable(
        self, kind: str, access: str, absent: frozenset[str] = frozenset()
    ) -> frozenset[str]:
        """Return the fields of a kind that permitted endpoints return, except `absent` ones."""
        return frozenset(
            field
            for name, endpoint in self.permitted(access).items()
            if name not in absent
            for shape in endpoint.returns
            if _is(shape, kind)
            for field in self.shown(shape, access)
        )

    def wanted_mask(self, kind: str, access: str, absent: frozenset[str] = frozenset()) -> int:
        """Return the fields of a full record as a mask: the core fields obtainable here."""
        cls = BY_KIND[kind]
        wanted = core_fields(cls) & self.obtainable(kind, access, absent)
        return sum(bit_of(cls, name) for name in wanted)

    @cached_property
    def id_patterns(self) -> IdPatterns:
        """Tests of the source's ids by kind."""
        return IdPatterns(self.ids.patterns)

    @cached_property
    def may_be_gone(self) -> frozenset[str]:
        """Endpoints that some access level lost, so that few refusals mean that they are absent."""
        return frozenset(name for name, endpoint in self.endpoints.items() if endpoint.gone)


def _is(name: str, kind: str) -> bool:
    return name.partition(".")[0] == kind


def load_manifest(package: str | None) -> Manifest:
    """Read `manifest.toml` of a source's package; ConfigurationError names the wrong place."""
    assert package, "a source is a package"
    try:
        text = files(package).joinpath("manifest.toml").read_text("utf-8")
        return msgspec.toml.decode(text, type=Manifest)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The manifest of {package} cannot be read: {error}.") from None
