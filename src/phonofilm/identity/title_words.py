"""Words in the remarks of titles, by what they say about a recording.

Read off 700 pairs of real songs that were judged one by one (benchmarks/judged_pairs.csv) and off
the lists of two shops, November 2026.
"""

from __future__ import annotations

# Words that make another recording. Languages are among them: a song sung again is another one.
VERSION_WORDS = frozenset(
    (
        *("acappella", "acoustic", "alternate", "alternative", "bootleg", "club", "cover", "demo"),
        *("dub", "dubstep", "flip", "instrumental", "karaoke", "live", "mashup", "medley"),
        *("megamix", "orchestral", "outtake", "piano", "recorded", "rehearsal", "remix"),
        *("rerecorded", "reprise", "rework", "session", "slowed", "sped", "symphonic", "take"),
        *("tribute", "unplugged", "vip"),
        *("arabic", "cantonese", "chinese", "english", "french", "german", "hindi", "italian"),
        *("japanese", "korean", "mandarin", "portuguese", "russian", "spanish"),
    )
)
# Words that make a remark a version, and that say nothing by themselves.
MARKERS = frozenset(("mix", "version"))
# Words of edits: the same recording, mostly cut or faded elsewhere.
EDIT_WORDS = frozenset(
    (
        *("cut", "edit", "extended", "inch", "long", "mono", "radio", "short", "single"),
        *("stereo", "video"),
    )
)
# Words that do not identify a recording; a remaster is the same recording.
NEUTRAL_WORDS = frozenset(
    (
        *("a", "album", "and", "anniversary", "at", "bonus", "by", "censored", "clean"),
        *("collectors", "deluxe", "digital", "digitally", "dirty", "edition", "expanded"),
        *("explicit", "feat", "for", "from", "full", "in", "length", "lp", "main", "master", "mix"),
        *("of", "on", "original", "pres", "presents", "recording", "reissue", "release"),
        *("special", "the", "track", "uncensored", "version", "versus", "vs", "with", "x"),
    )
)
# Words of uploaders after a title; they do not identify a recording.
UPLOAD_WORDS = frozenset(
    (
        *("4k", "audio", "clip", "dl", "download", "exclusive", "free", "hd", "hq", "lyric"),
        *("lyrics", "music", "now", "official", "original", "out", "premiere", "preview"),
        *("snippet", "video", "visualizer"),
    )
)
SYNONYMS = {
    "acapella": "acappella",
    "accapella": "acappella",
    "cappella": "acappella",
    "acustica": "acoustic",
    "acustico": "acoustic",
    "akustik": "acoustic",
    "bonustrack": "bonus",
    "deutsch": "german",
    "edited": "edit",
    "eng": "english",
    "espanol": "spanish",
    "francais": "french",
    "inst": "instrumental",
    "italiana": "italian",
    "italiano": "italian",
    "italienne": "italian",
    "jpn": "japanese",
    "kor": "korean",
    "portugues": "portuguese",
    "remixed": "remix",
    "remixes": "remix",
    "reworked": "rework",
    "rmx": "remix",
    "sessions": "session",
    "ver": "version",
    "versao": "version",
    "versione": "version",
    "vivo": "live",
}
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_TENS = ("xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx")
_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBER_OF = {
    **{word: str(number) for number, word in enumerate((*_ROMAN, *_TENS), 1)},
    **{word: str(number) for number, word in enumerate(_NAMES, 1)},
}
"""Digits of Roman numbers and of number words."""
