"""Files of names and ids as people have them: understood, or refused before a request is spent."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.crawl.scope.name_files import read_artist_names, read_ids
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.errors import UsageError
from phonofilm.sources import get, source_names
from tests.cli import run_cli
from tests.test_named import artist, catalogue, serving


@pytest.fixture(params=source_names())
def source(request):
    return get(request.param)


ID, ID_2 = "4Z8W4fKeB5YxbusRsdQVPb", "6f807x0ima9a1j3VPbc7VN"

NAMES = {
    "a list": ("Ada\nBo\n\n# a remark\n#1 Dads\n#\nAda\n", ["Ada", "Bo", "#1 Dads"]),
    "of Windows": ("Ada\r\nBo", ["Ada", "Bo"]),
    "with line ends of other kinds inside": (
        "Ada\u0085B\nBo\u2028C\n",
        ["Ada\u0085B", "Bo\u2028C"],
    ),
    "with commas in names": ("Beatles, The\nDoors, The", ["Beatles, The", "Doors, The"]),
    "with a number": ("10,000 Maniacs\nAda", ["10,000 Maniacs", "Ada"]),
    "with quotes": ('"Weird Al" Yankovic\nAda', ['"Weird Al" Yankovic', "Ada"]),
    "a CSV": ("name,country\nAda,DE\n#1 Dads,AU", ["Ada", "#1 Dads"]),
    "a CSV of one column": ("name\nTyler, The Creator\nAda", ["Tyler, The Creator", "Ada"]),
    "a CSV with a header of capitals": ("Artist Name,Country\nAda,DE", ["Ada"]),
    "of German Excel": ("Name;Genre\nDie Ärzte;punk\nAda;", ["Die Ärzte", "Ada"]),
    "with tabs": ("artist\tgenre\nAda\tx", ["Ada"]),
    "with a name over two lines": ('name,x\n"Ada\nB",1\nBo,2', ["Ada\nB", "Bo"]),
    "of Exportify": (
        '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album Name"\n'
        f'"spotify:track:{ID}","Song, One","spotify:artist:{ID}, spotify:artist:{ID_2}","Ada, Bo","X"\n'
        f'"spotify:track:{ID_2}","Two","spotify:artist:{ID}","Tyler, The Creator","X"\n',
        ["Ada", "Bo", "Tyler, The Creator"],
    ),
    "of the other Exportify": (
        "Track URI,Track Name,Album Name,Artist Name(s),Release Date\n"
        f'spotify:track:{ID},Song,X,"Ada,Bo",2001\n'
        f'spotify:track:{ID_2},Song,X,"10,000 Maniacs;Cy",2001\n',
        ["Ada", "Bo", "10,000 Maniacs", "Cy"],
    ),
    "of TuneMyMusic": (
        "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\n"
        f'Song,"Earth, Wind & Fire",X,P,Playlist,USABC0100001,{ID}\n',
        ["Earth, Wind & Fire"],
    ),
    "of Kaggle": (
        f",track_id,artists,album_name,track_name,popularity\n0,{ID},Ada;Bo,X,Song,5\n",
        ["Ada", "Bo"],
    ),
    "of Kaggle with lists": (
        f'acousticness,artists,id,name\n0.9,"[\'Ada\', ""D\'Angelo""]",{ID},Song\n',
        ["Ada", "D'Angelo"],
    ),
    "of Kaggle with one artist": (
        f"track_id,track_name,track_artist,track_album_id\n{ID},Song,Ada,{ID}\n",
        ["Ada"],
    ),
    "exported by us": (
        "source,id,name,artist_ids,artist_names\ndeezer,1,Song,1;2,Ada;Bo\n",
        ["Ada", "Bo"],
    ),
}


@pytest.mark.parametrize(("text", "names"), NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_names_are_read_as_people_keep_them(
    tmp_path, text: str, names: list[str], encoding
) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes(text.encode(encoding))
    if not text.startswith(("Beatles", "10,000")):  # a table by its suffix
        assert read_artist_names(path).names == names
    path = path.rename(tmp_path / "names.txt")
    assert read_artist_names(path).names == names


REFUSED = {
    "a table of unknown columns": "title;genre\nDie Ärzte;punk\n",
    "a table with commas": "band,genre\nAda,x\nBo,y\n",
    "a table with a row that is longer than its header": "name,x\nTyler, The Creator,1\n",
    "nothing": "\n\n# remark\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_table_that_is_not_understood_costs_no_request(tmp_path, text: str) -> None:
    path = tmp_path / "names.txt"
    path.write_text(text, encoding="utf-8")
    with serving("deezer", "open", catalogue(artist(7, "Ada"))) as (url, paths):
        crawl = ("crawl", "deezer", "--at", url, "--data", tmp_path / "d", "--json")
        result = run_cli(*crawl, "--artists", path)
        assert (result.exit_code, paths) == (2, [])
        assert json.loads(result.stdout)["next_step"]
        assert run_cli(*crawl, "--ids", path).exit_code == 2
    assert paths == []


def test_a_file_in_another_encoding_is_refused_with_a_next_step(tmp_path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("Ada\nDie Ärzte".encode("cp1252"))
    with pytest.raises(UsageError, match="line 2") as refused:
        read_artist_names(path)
    assert "UTF-8" in refused.value.next_step


IDS = {
    "Exportify": NAMES["of Exportify"][0],
    "TuneMyMusic": NAMES["of TuneMyMusic"][0],
    "Kaggle": NAMES["of Kaggle"][0],
    "a list": f"https://open.spotify.com/track/{ID}?si=1\n",
    "a list of kinds": f"track:{ID}\n",
}


@pytest.mark.parametrize("text", IDS.values(), ids=IDS)
def test_ids_of_tracks_are_read_with_their_kind(tmp_path, text: str) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(text, encoding="utf-8-sig")
    ids = read_ids(path).names
    _, scope = select("spotify", Selection([], "", [], "", ids), {})
    assert scope.named is not None
    assert (scope.named.links[0].kind, scope.named.links[0].id) == ("track", ID)


def test_the_wanted_kind_chooses_the_column(tmp_path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text(f"track_id,artist_id\n{ID},{ID_2}\n")
    assert read_ids(path, ("artist",)).names == [f"artist:{ID_2}"]
    assert read_ids(path).names == [f"track:{ID}"]


@pytest.mark.parametrize(
    "text", ["nonsense", "spotify:local:a:b:c:1", "-1", "0", "https://www.deezer.com/artist/27"]
)
def test_an_id_that_is_none_costs_no_request(source, text: str) -> None:
    if source.manifest.links.none or (text.startswith("http") and source.manifest.name == "deezer"):
        pytest.skip("it has no links, or this is one")
    kind = next(
        k
        for k in ("artist", "title", "track")
        if any(s.startswith(k) for s in source.manifest.shapes)
    )
    with pytest.raises(UsageError) as refused:
        select(source.manifest.name, Selection([], "", [], "", [text]), {kind: None})
    assert refused.value.next_step


def test_a_link_to_another_page_is_no_name_of_an_artist() -> None:
    with pytest.raises(UsageError, match="no link to an artist"):
        select("deezer", Selection([], "", ["https://www.deezer.com/album/7"], "", []), {})
    with pytest.raises(UsageError, match=r"a link of Spotify.* not of Deezer"):
        select("deezer", Selection([f"https://open.spotify.com/track/{ID}"], "", [], "", []), {})


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=8))
def test_what_is_written_as_a_csv_is_read_back(tmp_path_factory, names: list[str]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("artist", "country"), *((name, "x") for name in names)])
    path = tmp_path_factory.mktemp("names") / "names.csv"
    path.write_bytes(file.getvalue().encode("utf-8", "surrogatepass"))
    expected = list(dict.fromkeys(stripped for name in names if (stripped := name.strip())))
    if expected and not any("\r" in name or "\x00" in name for name in names):
        assert [n.strip() for n in read_artist_names(path).names] == expected


@given(st.binary(max_size=200), st.sampled_from(["names.txt", "names.csv"]))
def test_any_file_is_names_or_a_sentence(tmp_path_factory, body: bytes, name: str) -> None:
    path = tmp_path_factory.mktemp("names") / name
    path.write_bytes(body)
    for read in (read_artist_names, read_ids):
        try:
            assert all(text.strip() for text in read(path).names)
        except UsageError as refused:
            assert refused.next_step


def test_a_long_list_with_an_open_quote_is_a_list(tmp_path) -> None:
    path = tmp_path / "names.txt"
    names = ['"Weird Al', *(f"Nobody {number}" for number in range(20_000))]
    path.write_text("\n".join(names))
    assert read_artist_names(path).names == names
