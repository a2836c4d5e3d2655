"""Timed comments of listeners: time, language, emoji and mood follow the parts of a track.

A track has parts (intro, build, drop ...). People write where something happens, are glad at a drop
and bored by a long intro; so the mood of every comment is known. Some uploads are no tracks of the
world: DJ sets, and long pieces that are none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from phonofilm.sandbox.worlds.hashing import mix, pick, share
from phonofilm.sandbox.worlds.words import FIRST, SECOND, TITLES
from phonofilm.sandbox.worlds.world import World

# Where each part ends, as a share of the track, how often people write in it, how glad they are.
PARTS = (
    ("intro", 0.10, 1, -0.35),
    ("verse", 0.32, 2, 0.05),
    ("build", 0.42, 3, 0.35),
    ("drop", 0.60, 8, 0.85),
    ("break", 0.74, 2, 0.10),
    ("second drop", 0.92, 6, 0.75),
    ("outro", 1.00, 1, -0.30),
)
_WEIGHTS = [weight for _, _, weight, _ in PARTS]

TEXTS: dict[int, dict[str, tuple[str, ...]]] = {
    1: {
        "en": (
            "this drop is insane",
            "best part of the whole track",
            "goosebumps every time",
            "what a tune, love it",
            "absolutely beautiful",
        ),
        "de": ("was für ein Drop, großartig", "ich liebe diese Stelle", "einfach wunderschön"),
        "es": ("qué temazo, me encanta", "la mejor parte", "increíble, pura magia"),
        "fr": ("j'adore ce passage", "magnifique, du grand art"),
        "pt": ("que música linda", "amo demais essa parte"),
        "ja": ("ここ最高すぎる", "大好きです、この曲"),
        "ru": ("обожаю этот момент", "просто шедевр"),
        "ar": ("هذا المقطع رائع جدا", "أجمل أغنية سمعتها"),
        "he": ("הקטע הזה פשוט מושלם", "אני אוהב את השיר הזה"),
    },
    0: {
        "en": (
            "what is the sample here?",
            "anyone know the track id?",
            "heard this on the radio",
            "played it yesterday at work",
            "first",
        ),
        "de": ("welches Sample ist das?", "lief gestern im Radio"),
        "es": ("¿qué sample es este?", "lo escuché ayer"),
        "fr": ("c'est quel sample ici ?", "entendu hier à la radio"),
        "pt": ("qual é esse sample?", "tocou ontem"),
        "ja": ("このサンプルは何ですか",),
        "ru": ("какой здесь сэмпл?",),
        "ar": ("ما اسم هذا المقطع؟",),
        "he": ("איך קוראים לקטע הזה?",),
    },
    -1: {
        "en": (
            "way too long, boring",
            "this part is annoying",
            "sounds awful on my speakers",
            "the old version was better, disappointing",
        ),
        "de": ("viel zu lang und langweilig", "klingt furchtbar"),
        "es": ("demasiado largo, aburrido", "suena horrible"),
        "fr": ("trop long, ennuyeux", "le son est affreux"),
        "pt": ("muito chato essa parte", "som horrível"),
        "ja": ("長すぎてつまらない",),
        "ru": ("слишком длинно и скучно",),
        "ar": ("هذا الجزء ممل جدا",),
        "he": ("ארוך ומשעמם מדי",),
    },
}
EMOJI = {
    1: ("🔥🔥🔥", "😍", "❤️", "🙌", "🎉", "👏"),
    0: ("🤔", "👀", "🎧"),
    -1: ("😴", "👎", "😒", "💤"),
}
LANGUAGES = ("en",) * 9 + ("de", "es", "es", "fr", "pt", "ja", "ru", "ar", "he")
_DAY = 86_400
_MOST = 900
SETS = (
    "{a} - Live at {b}, 2024",
    "{b} Podcast {n} | {a}",
    "{a} b2b {b} (closing set)",
    "Guest mix for {b} Radio",
    "{a} DJ Set @ {b}",
)


class TimedComment(NamedTuple):
    """One comment; `mood` is -1, 0 or 1, `writer` a listener.

    `at_ms` is null where the moment is unknown, `writer` is null where the account is gone.
    """

    number: int
    at_ms: int | None
    body: str
    language: str
    mood: int
    part: str
    writer: int | None
    written_at: int


class Upload(NamedTuple):
    """Something uploaded: a track of the world, a DJ set, or a long piece."""

    number: int
    artist: int
    track: int | None
    is_set: bool


class Listening:
    """The listeners of a world: everything is computed from its seed."""

    def __init__(self, world: World, seed: int = 4711) -> None:
        self.world, self.seed = world, seed
        self.tracks = world.counts["tracks"]
        self.listeners = max(200, world.counts["artists"] * 20)
        self.said = lru_cache(maxsize=2_000)(self._said)
        self.count = lru_cache(maxsize=200_000)(self._count)

    @property
    def uploads(self) -> int:
        """Tracks, and one more upload of every second artist."""
        return self.tracks + self.world.counts["artists"]

    def exists(self, upload: int) -> bool:
        """Tell whether an upload exists; only some artists have a set."""
        if upload < self.tracks:
            return upload >= 0 and bool(self.world.track(upload).artists)
        artist = upload - self.tracks
        return artist < self.world.counts["artists"] and share(self.seed, artist, 1) < 0.5

    def upload(self, index: int) -> Upload:
        """Return the upload of a number."""
        if index < self.tracks:
            return Upload(index, self.world.track(index).artists[0], index, False)
        artist = index - self.tracks
        return Upload(index, artist, None, share(self.seed, artist, 2) < 0.7)

    def uploads_of(self, artist: int) -> list[int]:
        """Return an artist's tracks, and the set or long piece."""
        world = self.world
        uploads = [
            t
            for album in world.albums_of(artist)
            for t in world.tracks_of(album)
            if world.track(t).artists[:1] == (artist,)
        ]
        extra = self.tracks + artist
        return [*uploads, extra] if self.exists(extra) else uploads

    def extra_title(self, index: int) -> str:
        """Return the title of a set, or of a long piece that is none."""
        artist = self.world.artist(index - self.tracks)
        name = pick(SECOND, self.seed, index, 3)
        if not self.upload(index).is_set:
            return f"{pick(TITLES, self.seed, index, 4)} {pick(TITLES, self.seed, index, 5)}"
        form = pick(SETS, self.seed, index, 6)
        return form.format(a=artist.name, b=name, n=f"{mix(self.seed, index, 7) % 90 + 1:03d}")

    def extra_text(self, index: int) -> str:
        """Return the description; that of a set mostly lists its tracks."""
        if not self.upload(index).is_set or share(self.seed, index, 8) < 0.3:
            return "recorded at home, in one take"
        lines = []
        for n in range(12):
            who = self.world.artist(mix(self.seed, index, 20 + n) % self.world.counts["artists"])
            what = pick(TITLES, self.seed, index, 40 + n)
            lines.append(f"{n * 5:02d}:{mix(index, n) % 60:02d} {who.name} - {what}")
        return "Tracklist:\r\n" + "\r\n".join(lines)

    def extra_ms(self, index: int) -> int:
        """Return the length: half an hour to two hours, long pieces up to fifty minutes."""
        least, more = (30, 90) if self.upload(index).is_set else (21, 29)
        return int((least + more * share(self.seed, index, 9)) * 60_000)

    def duration_ms(self, index: int) -> int:
        """Return the true length of an upload."""
        if index < self.tracks:
            return self.world.track(index).duration_ms
        return self.extra_ms(index)

    def fame(self, index: int) -> int:
        """Return a figure from 0 to 100."""
        if index < self.tracks:
            return self.world.track(index).popularity
        return self.world.artist(index - self.tracks).popularity

    def _count(self, index: int) -> int:
        """Count the comments of an upload; few uploads have many."""
        tail = (1 - share(self.seed, index, 10)) ** -0.6 - 1
        return min(_MOST, int(self.fame(index) / 50 * 18 * tail))

    def _said(self, index: int) -> tuple[TimedComment, ...]:
        length = self.duration_ms(index)
        return tuple(self._one(index, number, length) for number in range(self.count(index)))

    def _one(self, upload: int, number: int, length: int) -> TimedComment:
        salt = mix(self.seed, upload, 1000 + number)
        part = _weighted(share(salt, 1))
        name, end, _, gladness = PARTS[part]
        start = PARTS[part - 1][1] if part else 0.0
        at = int(length * (start + (end - start) * share(salt, 2) * 0.999))
        mood = _mood(gladness, share(salt, 3))
        language = pick(LANGUAGES, salt, 4)
        writer = None if share(salt, 5) < 0.01 else mix(salt, 6) % self.listeners
        moment = None if share(salt, 7) < 0.015 else at
        body = self._text(salt, mood, language, writer)
        written = 1_600_000_000 + mix(salt, 8) % (5 * 365 * _DAY)
        return TimedComment(
            upload * 1000 + number, moment, body, language, mood, name, writer, written
        )

    def _text(self, salt: int, mood: int, language: str, writer: int | None) -> str:
        """Return words of a mood, with a face, a line break or a mention now and then."""
        text = pick(TEXTS[mood][language], salt, 9)
        draw = share(salt, 10)
        if draw < 0.35:
            text += " " + pick(EMOJI[mood], salt, 11)
        elif draw < 0.40:
            text = pick(EMOJI[mood], salt, 11)
        elif draw < 0.44:
            text += "\r\n\r\n" + pick(EMOJI[mood], salt, 12)
        elif draw < 0.47:
            text = f'"{text}", <b>really</b> & =1+1'
        elif draw < 0.50:
            text = f"@{self.handle(mix(salt, 13) % self.listeners)} {text}"
        return text

    def name(self, listener: int) -> str:
        """Return the name of a listener."""
        form = mix(self.seed, listener, 14) % 12
        first, number = pick(FIRST, self.seed, listener, 15), mix(self.seed, listener, 16) % 9973
        strange = {0: f"{first} ✨ {number}", 1: f"نور {number}", 2: f"ハル{number}"}
        return strange.get(form, f"{first} {pick(SECOND, self.seed, listener, 17)} {number}")

    def handle(self, listener: int) -> str:
        """Return the address of a listener's page."""
        return f"{pick(FIRST, self.seed, listener, 15).lower()}-{listener}-{self.seed % 97}"


def _weighted(draw: float) -> int:
    left = draw * sum(_WEIGHTS)
    for index, weight in enumerate(_WEIGHTS):
        left -= weight
        if left < 0:
            return index
    return len(_WEIGHTS) - 1


def _mood(gladness: float, draw: float) -> int:
    glad, sad = max(0.0, gladness) * 0.9 + 0.05, max(0.0, -gladness) * 0.9 + 0.04
    if draw < glad:
        return 1
    return -1 if draw > 1 - sad else 0
