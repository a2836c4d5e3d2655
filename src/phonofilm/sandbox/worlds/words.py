"""Words of the simulated world. No name here is meant to be anybody's."""

from __future__ import annotations

from phonofilm.sandbox.worlds.hashing import mix, pick, share

PARENTS = (
    "pop",
    "rock",
    "hip hop",
    "techno",
    "house",
    "jazz",
    "classical",
    "metal",
    "folk",
    "country",
    "r&b",
    "soul",
    "funk",
    "reggae",
    "blues",
    "punk",
    "electronic",
    "ambient",
    "latin",
    "indie",
    "disco",
    "trance",
    "drum and bass",
    "dubstep",
    "gospel",
    "k-pop",
    "afrobeat",
    "salsa",
    "ska",
    "new age",
)
MODIFIERS = (
    "deep",
    "progressive",
    "indie",
    "acid",
    "dark",
    "melodic",
    "minimal",
    "classic",
    "modern",
    "experimental",
    "nordic",
    "berlin",
    "french",
    "japanese",
    "uk",
    "brazilian",
    "lo-fi",
    "neo",
    "hard",
    "soft",
    "acoustic",
    "symphonic",
    "vintage",
    "space",
    "tribal",
    "garage",
    "dream",
    "industrial",
    "psychedelic",
    "underground",
    "nu",
    "alternative",
    "swedish",
    "desert",
    "southern",
    "detroit",
    "chicago",
    "mountain",
    "coastal",
    "festival",
)
FIRST = (
    "Velvet",
    "Silver",
    "Neon",
    "Paper",
    "Glass",
    "Midnight",
    "Electric",
    "Hollow",
    "Golden",
    "Crimson",
    "Northern",
    "Static",
    "Wooden",
    "Lunar",
    "Distant",
    "Broken",
    "Quiet",
    "Burning",
    "Frozen",
    "Sudden",
    "Concrete",
    "Analog",
    "Marble",
    "Copper",
    "Violet",
    "Secret",
    "Tiny",
    "Invisible",
    "Endless",
    "Saffron",
    "Cobalt",
    "Amber",
    "Feral",
    "Gentle",
    "Rapid",
    "Lonesome",
)
SECOND = (
    "Harbour",
    "Engine",
    "Foxes",
    "Parade",
    "Lanterns",
    "Cathedral",
    "Orchard",
    "Machines",
    "River",
    "Tigers",
    "Satellites",
    "Garden",
    "Mirror",
    "Wolves",
    "Theatre",
    "Signal",
    "Pilots",
    "Ocean",
    "Sparrows",
    "Avenue",
    "Shadows",
    "Comets",
    "Village",
    "Horses",
    "Ladders",
    "Thunder",
    "Arcade",
    "Meadow",
    "Radio",
    "Ghosts",
    "Bridges",
    "Canyon",
    "Feathers",
    "Voltage",
    "Harvest",
    "Islands",
)
TITLES = (
    "Rain",
    "Letters",
    "Home",
    "Tomorrow",
    "Circles",
    "Fire",
    "Waiting",
    "Falling",
    "Summer",
    "Gravity",
    "Dancing",
    "Silence",
    "Runaway",
    "Colours",
    "Stay",
    "Echo",
    "Morning",
    "Lights",
    "Closer",
    "Drift",
    "Promise",
    "Alone",
    "Winter",
    "Higher",
    "Machine",
    "Moonlight",
    "Again",
    "Shelter",
    "Wonder",
    "Static",
    "Pulse",
    "Bloom",
    "Horizon",
    "Memory",
    "Tides",
    "Velvet",
)
VERSIONS = (
    "Live",
    "Acoustic",
    "Instrumental",
    "Radio Edit",
    "Extended Mix",
    "Demo",
    "Club Mix",
    "Live in Berlin",
)
STRANGE = (
    "{a}, {b} & Sons",
    '"{a}" {b}',
    "{a} 🎧 {b}",
    "东京{b}",
    "{a} 밤",
    "עיר {b}",
    "فرقة {a}",
    "{a}/{b}",
    "The {a}; {b}",
    "Ærø {b}",
    "{a}’s {b}",
    "{b} (UK)",
    "ÁÉÍ {a}",
    "{a}\u2028{b}",
    "{a} + {b}",
    "= {a}",
    "null",
    "{a} \\ {b}",
    "Ли́ния {b}",
    "𝕬 {b}",
)


# The share of 28,352 real songs (Spotify, January 2020) whose artist's name has accents.
_ACCENTED = 0.027
_ACCENTS = str.maketrans("aeiou", "áéíöü")


def artist_name(seed: int, index: int) -> str:
    """Return a name; one in twenty is awkward: commas, quotes, emoji, other scripts."""
    a, b = pick(FIRST, seed, index, 1), pick(SECOND, seed, index, 2)
    if share(seed, index, 3) < 0.05:
        return pick(STRANGE, seed, index, 4).format(a=a, b=b)
    form = mix(seed, index, 5) % 4
    tail = mix(seed, index, 6) % 997
    name = (
        f"{a} {b} {tail}",
        f"The {a} {b} {tail}",
        f"{b} of {a} {tail}",
        f"{a}{b.lower()} {tail}",
    )[form]
    return accented(name) if share(seed, index, 8) < _ACCENTED else name


def accented(text: str) -> str:
    """Return a text with accents on its vowels."""
    return text.translate(_ACCENTS)


def title(seed: int, index: int, salt: int) -> str:
    """Return a title of two or three words, now and then with a version or a guest's brackets."""
    words = f"{pick(TITLES, seed, index, salt)} {pick(SECOND, seed, index, salt + 1)}"
    extra = mix(seed, index, salt + 2) % 40
    return words + {0: " - Live", 1: " (Remix)", 2: ", Pt. 2", 3: ' "Reprise"', 4: " 🌙"}.get(
        extra, ""
    )


def playlist_name(genre: str, seed: int, index: int) -> str:
    """Return the name of a playlist of a genre."""
    form = ("{} essentials", "best of {}", "{} mix", "late night {}", "{} for work", "my {} 🎶")
    return pick(form, seed, index, 9).format(genre)
