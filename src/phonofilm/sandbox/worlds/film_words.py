"""Words of the simulated film world. No name here is meant to be anybody's."""

from __future__ import annotations

from phonofilm.sandbox.worlds.hashing import mix, pick

NAMES = (
    "Aldo",
    "Bree",
    "Ciro",
    "Dara",
    "Edda",
    "Finn",
    "Gita",
    "Hana",
    "Ivo",
    "Jora",
    "Kaj",
    "Lene",
    "Miro",
    "Nadi",
    "Orla",
    "Pia",
    "Quin",
    "Rasa",
    "Sefa",
    "Tove",
    "Ume",
    "Vito",
    "Wren",
    "Xara",
    "Yori",
    "Zeno",
)
_FAMILIES = (
    "Abendrot",
    "Brakwater",
    "Cassavine",
    "Dunmarrow",
    "Eskeland",
    "Farrowby",
    "Grimsdale",
    "Hollerby",
    "Iskander",
    "Jessamyn",
    "Karvonen",
    "Lindqvarn",
    "Merrowick",
    "Nakashiro",
    "Oberwald",
    "Pellinore",
    "Quillfeather",
    "Rastogar",
    "Sandoval-Ruys",
    "Tannhurst",
    "Ulverston",
    "Vasquand",
    "Wexcombe",
    "Yamanobe",
    "Zielonka",
)
AWKWARD = (
    '"{a}" magistern',
    "NA",
    'The "{a}',
    "{a}\u2028Part Two",
    "null",
    "= {a}",
    "{a} \\ {a}",
    "{a}\u0085",
    "None",
)
KEYWORDS = (
    "friendship",
    "high school",
    "robot",
    "sea voyage",
    "time travel",
    "cooking",
    "ghost",
    "train",
    "island",
    "detective",
    "orchestra",
    "baseball",
    "mountain",
    "war",
    "library",
    "space station",
)
_SYLLABLES = (
    "ka",
    "ki",
    "mo",
    "na",
    "shi",
    "to",
    "ra",
    "yu",
    "mi",
    "ha",
    "ne",
    "ko",
    "su",
    "ri",
    "te",
    "o",
)
_KANA = "アイウエオカキクケコサシスセソタチツテト"
_SUBJECTS = ("A clerk", "An old pilot", "A choir", "Two rivals", "A lighthouse keeper", "A fox")
_DEEDS = ("finds a map", "loses a bet", "hears a signal", "returns home", "builds a machine")
_TURNS = (
    "Nothing stays hidden.",
    "It doesn't end there.",
    'They call it "the crossing".',
    "Winter comes.",
)


def person(roll: int) -> str:
    """Return a name; now and then a shared one, as real people have."""
    return f"{NAMES[(roll >> 12) % 26]} {_FAMILIES[(roll >> 20) % 25]}"


def japanese(seed: int, index: int) -> str:
    """Return a romanised title, or one in kana."""
    roll = mix(seed, index, 120)
    if roll % 3 == 0:
        return "".join(_KANA[(roll >> n) % 20] for n in (8, 13, 18, 23))
    parts = [_SYLLABLES[(roll >> n) % 16] for n in (8, 12, 16, 20, 24, 28)]
    return f"{''.join(parts[:3]).title()} no {''.join(parts[3:])}"


def plot(seed: int, index: int) -> str:
    """Return two sentences."""
    subject = pick(_SUBJECTS, seed, index, 121)
    return f"{subject} {pick(_DEEDS, seed, index, 122)}. {pick(_TURNS, seed, index, 123)}"
