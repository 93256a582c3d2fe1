"""The routes beside SPEC's seven, over real HTTP to a runtime that has read charts."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from datetime import UTC, datetime

import httpx
import pytest
from PIL import Image

from kingtui.api import pictures
from kingtui.api.documents import report_page
from kingtui.api.errors import CODES
from kingtui.models import Report
from kingtui.store import moves, schema
from tests.api.conftest import MAPPED
from tests.world import at_rest, ratio_picture, until

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_many_records_at_once(world):
    names = [row.symbol for row in world.rows[:3]]
    found = (await world.http.get(f"/data?symbols={','.join(names)},NOTTHERE,{names[0].lower()}USDT")).json()["data"]
    assert list(found) == [*names, "NOTTHERE"]
    assert found["NOTTHERE"] is None
    for name in names:
        assert found[name] == (await world.http.get(f"/data/{name}")).json()


async def test_symbols_that_are_named_one_by_one_all_count(world):
    names = [row.symbol for row in world.rows[:3]]
    answer = await world.http.get("/data", params={"symbols": names})
    assert list(answer.json()["data"]) == names
    answer = await world.http.get("/data", params={"symbols": ["BTC"] * 201})
    assert answer.status_code == 400


async def test_a_parameter_that_is_wrong_is_named(world):
    answer = await world.http.get("/images", params={"stage": ["new", "nonsense"]})
    assert answer.json()["error"].startswith("stage: ")


async def test_symbols_are_searched_sorted_and_paged(world):
    every = (await world.http.get("/symbols")).json()
    names = [record["Symbol"] for record in every["symbols"]]
    assert names == sorted({row.symbol for row in world.rows} | {MAPPED})
    assert every["total"] == len(names)
    page = (await world.http.get("/symbols?limit=2&offset=1")).json()
    assert ([record["Symbol"] for record in page["symbols"]], page["total"]) == (names[1:3], len(names))
    scored = (await world.http.get("/symbols?sort=score&descending=true")).json()["symbols"]
    scores = [record["Score"] for record in scored if record["Score"] is not None]
    assert scores == sorted(scores, reverse=True)
    one = (await world.http.get(f"/symbols?find={names[0].lower()}/usdt")).json()["symbols"]
    assert one[0] == (await world.http.get(f"/data/{names[0]}")).json()


async def test_levels_and_history_of_a_symbol(world):
    record = (await world.http.get(f"/data/{MAPPED}")).json()
    levels = (await world.http.get(f"/symbols/{MAPPED}/levels")).json()
    assert (levels["price"], levels["price_at"]) == (record["CurrentPrice"], record["CurrentPriceAt"])
    assert {f"Liqcluster{found['slot']}": found["price"] for found in levels["clusters"]}.items() <= record.items()
    prices = [bar["price"] for bar in levels["map"]["bars"]]
    assert len(prices) > 20
    assert prices == sorted(prices)
    for bar in levels["map"]["bars"]:
        assert bar["side"] == "own" or (bar["side"] == "long") == (bar["price"] < levels["map"]["price"])
    went = (await world.http.get(f"/symbols/{MAPPED}/history")).json()
    assert went["prices"] == [{"at": record["CurrentPriceAt"], "value": record["CurrentPrice"]}]


async def test_what_has_not_changed_is_a_304(world):
    image = (await world.http.get("/images?stage=extracted&limit=1")).json()["images"][0]["id"]
    for path in (
        f"/data/{MAPPED}", f"/data?symbols={MAPPED}", "/symbols", "/reports", f"/reports/{MAPPED}", f"/images/{image}",
        f"/images/{image}/file", f"/symbols/{MAPPED}/levels", "/docs",
    ):  # fmt: skip
        first = await world.http.get(path)
        assert first.headers["cache-control"] == "no-cache", path
        again = await world.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"]), path
        assert (await world.http.get(path, headers={"If-None-Match": '"other"'})).content == first.content


async def test_head_is_a_get_without_the_body(world):
    for path in ("/health", "/status", f"/data/{MAPPED}", "/history", "/reports", "/metrics", "/nothing", "/docs"):
        got, head = await world.http.get(path), await world.http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"]
    assert (await world.http.head("/restart")).status_code == 405


async def test_a_report_in_its_forms(world):
    as_json = await world.http.get(f"/reports/{MAPPED}")
    markdown = await world.http.get(f"/reports/{MAPPED}", headers={"Accept": "text/markdown"})
    page = await world.http.get(f"/reports/{MAPPED}", headers={"Accept": "text/html,*/*;q=0.8"})
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert markdown.text == as_json.json()["report"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h2>Executive Summary</h2>" in page.text
    assert "<table>" in page.text
    assert all("Accept" in found.headers["vary"] for found in (as_json, markdown, page))
    assert len({found.headers["etag"] for found in (as_json, markdown, page)}) == 3


async def test_a_report_whose_file_somebody_spoilt(world):
    file = world.home / (await world.http.get(f"/reports/{MAPPED}")).json()["file"]
    before = file.read_bytes()
    try:
        file.write_bytes(b"# It was \xff\xfe")
        assert (await world.http.get(f"/reports/{MAPPED}")).json()["report"] == "# It was \ufffd\ufffd"
        file.unlink()
        file.mkdir()
        answer = await world.http.get(f"/reports/{MAPPED}")
        assert (answer.status_code, "cannot be read" in answer.json()["error"]) == (404, True)
        file.rmdir()
        assert (await world.http.get(f"/reports/{MAPPED}")).json()["error"] == "No report found"
    finally:
        file.write_bytes(before)


async def test_the_figure_of_a_report(world):
    row = (await world.http.get(f"/reports?symbol={MAPPED}")).json()["reports"][0]
    figure = await world.http.get(f"/reports/{MAPPED}/figure")
    assert figure.headers["content-type"] == "image/png"
    assert figure.content == (world.home / row["file"]).with_suffix(".png").read_bytes()
    assert (await world.http.get(f"/reports/{MAPPED.lower()}%2FUSDT/figure?id={row['id']}")).content == figure.content
    known = {"If-None-Match": figure.headers["etag"]}
    assert (await world.http.get(f"/reports/{MAPPED}/figure", headers=known)).status_code == 304
    page = (await world.http.get(f"/reports/{MAPPED}", headers={"Accept": "text/html"})).text
    (source,) = re.findall(r'<img src="([^"]+)" alt="BTC: liquidation levels[^"]*">', page)
    assert (await world.http.get(source)).content == figure.content


async def test_a_figure_that_is_none_is_said_so(world):
    other = next(row.symbol for row in world.rows if row.symbol != MAPPED)
    row = (await world.http.get(f"/reports?symbol={MAPPED}")).json()["reports"][0]
    told = {
        f"/reports/{other}/figure": f"The report of {other} has no figure",
        f"/reports/{other}/figure?id={row['id']}": f"Report {row['id']} is not one of {other}",
        "/reports/NOTTHERE/figure": "No report found",
        "/reports/%2E%2E%2F/figure": "No report found",
    }
    for path, sentence in told.items():
        answer = await world.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.json()["error"].startswith(sentence)
    path = (world.home / row["file"]).with_suffix(".png")
    data = path.read_bytes()
    try:
        for change, word in ((lambda: path.write_text("<svg/>"), "no PNG"), (path.unlink, "gone")):
            change()
            answer = await world.http.get(f"/reports/{MAPPED}/figure?id={row['id']}")
            assert answer.status_code == 404
            assert word in answer.json()["error"]
    finally:
        path.write_bytes(data)


async def test_no_html_of_a_report_survives(world):
    text = (
        "# <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) "
        "![b](http://evil.example/x.png) `<b>`\n\n<div onclick=x>\n\n| a |\n| --- |\n| <svg/onload=x> |\n"
    )
    page = report_page(Report(1, "BTC", "f.md", world.runtime.control._clock.now(), text, figure="f.png"))
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= {
        "html", "head", "meta", "title", "link", "body", "main", "footer", "h1", "p", "code", "em", "table", "thead",
        "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert "javascript:" not in re.findall(r'href="([^"]*)"', page)
    assert "src=" not in re.sub(r"&lt;.*?&gt;", "", page)


async def test_reports_are_listed_by_symbol_and_day(world):
    every = (await world.http.get("/reports?limit=1000")).json()
    assert every["total"] == len(every["reports"])
    mine = (await world.http.get(f"/reports?symbol={MAPPED.lower()}")).json()
    assert {report["symbol"] for report in mine["reports"]} == {MAPPED}
    first = mine["reports"][-1]
    told = (await world.http.get(f"/reports/{MAPPED}?id={first['id']}")).json()
    assert (told["file"], told["timestamp"]) == (first["file"], first["timestamp"])
    other = next(row.symbol for row in world.rows if row.symbol != MAPPED)
    assert (await world.http.get(f"/reports/{other}?id={first['id']}")).status_code == 404
    day = first["timestamp"][:10]
    assert (await world.http.get(f"/reports?day={day}")).json()["total"] == every["total"]
    assert (await world.http.get("/reports?day=1999-01-01")).json() == {"reports": [], "total": 0}
    below = (await world.http.get(f"/reports?before={first['id']}")).json()["reports"]
    assert all(report["id"] < first["id"] for report in below)


async def test_a_picture_with_its_reading_and_file(world):
    listed = (await world.http.get("/images?stage=extracted&stage=duplicate")).json()
    ids = [image["id"] for image in listed["images"]]
    assert ids == sorted(ids, reverse=True)
    assert listed["total"] == len(ids)
    assert (await world.http.get(f"/images?before={ids[0]}&limit=1")).json()["images"][0]["id"] < ids[0]
    ratio = next(image for image in listed["images"] if image["name"] == "ratio.jpg")
    view = (await world.http.get(f"/images/{ratio['id']}")).json()
    assert view["image"] == ratio
    assert view["reading"]["kind"] == "short_term_ratio"
    assert {row["symbol"] for row in view["reading"]["rows"]} == {row.symbol for row in world.rows}
    assert any(value["verified"] for value in view["values"])
    file = await world.http.get(f"/images/{ratio['id']}/file")
    assert file.content == ratio_picture(1, rows=8, short_term=True)
    assert file.headers["content-type"] == "image/jpeg"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-disposition"] == "inline; filename*=UTF-8''ratio.jpg"
    shown = (await world.http.get(f"/images/{ratio['id']}/marks")).json()
    with Image.open(io.BytesIO(file.content)) as picture:
        assert (shown["width"], shown["height"]) == picture.size
    for k, row in enumerate(view["reading"]["rows"]):
        marks = [mark for mark in shown["marks"] if mark["about"] == f"rows.{k}"]
        assert row["symbol"] in {mark["text"] for mark in marks}
        assert {mark["verified"] for mark in marks} == {row["verified"]}
        assert all(0 <= x <= shown["width"] and 0 <= y <= shown["height"] for mark in marks for x, y in mark["places"])


async def test_a_picture_is_shown_while_it_is_being_moved(world):
    image = next(each for each in (await world.http.get("/images")).json()["images"] if each["name"] == "map.jpg")
    before, after = image["path"], "imagesanalysed/elsewhere.jpg"
    content = (world.home / before).read_bytes()
    database, now = world.runtime._database, datetime.now(UTC)

    async def goes(path):
        async with database.write() as tx:
            await tx.execute(schema.images.update().where(schema.images.c.id == image["id"]).values(path=path))

    async with database.write() as tx:
        move = await moves.add(tx, before, after, None, now)
    await goes(after)
    try:
        for method, body in (("picture_data", {}), ("preview", {"width": 8, "height": 8})):
            asked = await world.http.post(f"/control/{method}", json={"args": {"image_id": image["id"], **body}})
            assert asked.status_code == 200, asked.text
        assert (await world.http.get(f"/images/{image['id']}/file")).content == content
        async with database.write() as tx:
            await moves.done(tx, [move])
        gone = await world.http.get(f"/images/{image['id']}/file")
        assert (gone.status_code, gone.json()["error"]) == (404, f"{after} is gone: somebody removed or moved it")
    finally:
        await goes(before)


async def test_what_is_found_is_read_once_for_all_who_ask(world, monkeypatch):
    image = next(each for each in (await world.http.get("/images")).json()["images"] if each["name"] == "map.jpg")
    runner, jobs = world.runtime._runner, []
    run = runner.run
    monkeypatch.setattr(runner, "run", lambda job: jobs.append(job.name) or run(job))
    answers = await asyncio.gather(*(world.http.get(f"/images/{image['id']}/marks") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert jobs.count("marks") == 1


async def test_a_picture_of_no_chart_has_no_marks(world):
    (world.home / "downloads" / "sky.png").write_bytes(picture_of_nothing())
    await until(lambda: _unknown(world.http, "sky.png"), "the picture to be unknown")
    image = await _unknown(world.http, "sky.png")
    shown = (await world.http.get(f"/images/{image['id']}/marks")).json()
    assert (shown["width"], shown["height"], shown["marks"]) == (64, 48, [])
    assert (await world.http.get("/images/999999/marks")).status_code == 404


def picture_of_nothing():
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), "skyblue").save(stream, "PNG")
    return stream.getvalue()


async def test_only_some_pictures_are_taken_at_a_time(world, monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 0.2)
    go_on = asyncio.Event()

    async def slowly():
        yield picture_of_nothing()
        await go_on.wait()

    def send(content):
        return world.http.post("/images", content=content, headers={"content-type": "image/png"})

    slow = [asyncio.create_task(send(slowly())) for _ in range(pictures.AT_ONCE)]
    answer = None

    async def is_full():
        nonlocal answer
        answer = await send(b"no picture")
        return answer.status_code == 503

    await until(is_full, "a refusal")
    assert answer.json() == {"error": "4 pictures are being sent already: try again in a moment", "code": "unavailable"}
    go_on.set()
    assert [(await task).status_code for task in slow] == [201] * pictures.AT_ONCE
    assert (await send(b"no picture")).status_code == 415


async def _unknown(http, name):
    images = (await http.get("/images?stage=unknown")).json()["images"]
    return next((image for image in images if image["name"] == name), None)


async def test_a_run_and_its_log(world):
    run = next(entry for entry in (await world.http.get("/history?step=5")).json()["history"][::-1] if entry["items"])
    assert (await world.http.get(f"/runs/{run['id']}")).json() == run
    text = await world.http.get(f"/runs/{run['id']}/log")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "symbols updated" in text.text
    as_json = await world.http.get(f"/runs/{run['id']}/log", headers={"Accept": "application/json"})
    assert as_json.json() == {"run_id": run["id"], "log": text.text}
    assert (await world.http.get("/runs/999999/log")).json()["code"] == "not_found"


async def test_pause_resume_and_cancel(world):
    assert (await world.http.post("/pause")).json() == {"paused": True}
    assert (await world.http.get("/status")).json()["paused"] is True
    assert (await world.http.post("/resume")).json() == {"paused": False}
    assert (await world.http.get("/status")).json()["paused"] is False
    assert (await world.http.post("/cancel/4")).json() == {"cancelled": False}
    assert (await world.http.get("/status")).json()["steps"]["step_4"]["held"] is True
    await world.http.post("/trigger/4")
    assert (await world.http.get("/status")).json()["steps"]["step_4"]["held"] is False
    await at_rest(world.runtime)


async def test_a_picture_is_added_and_goes_its_way(world):
    data = ratio_picture(21, rows=3)
    answer = await world.http.post("/images", files={"file": ("über chart.jpg", data)})
    assert (answer.status_code, answer.json()) == (201, {"path": "downloads/über chart.jpg"})

    async def done():
        images = (await world.http.get("/images?stage=extracted")).json()["images"]
        return next((image for image in images if image["name"] == "über chart.jpg"), None)

    image = await until(done, "the picture")
    assert (await world.http.post(f"/images/{image['id']}/retry")).json()["code"] == "conflict"
    assert (await world.http.post(f"/images/{image['id']}/reread")).status_code == 200
    await at_rest(world.runtime)
    raw = await world.http.post("/images", content=data, headers={"Content-Type": "image/jpeg"})
    assert re.fullmatch(r"downloads/upload_\d{8}_\d{6}\.jpg", raw.json()["path"])
    named = await world.http.post("/images", files={"file": ("../../etc/blob", data)})
    assert named.json()["path"] == "downloads/_.._etc_blob.jpg"
    await at_rest(world.runtime)


UPLOADS = [
    ({"files": {"file": ("a.jpg", b"GIF89a...")}}, 415),
    ({"files": {"file": ("a.jpg", b"")}}, 422),
    ({"files": {"other": ("a.jpg", b"\xff\xd8\xff")}}, 422),
    ({"data": {"file": "text"}, "files": {"x": ("a", b"b")}}, 422),
    ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
    ({"content": b"--x\r\nbroken", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 422),
    ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 422),
    ({"content": b"\x1f\x8b", "headers": {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}}, 415),
    ({"content": b"x" * 52_000_000, "headers": {"Content-Type": "image/png"}}, 413),
    ({}, 415),
]


@pytest.mark.parametrize(("how", "status"), UPLOADS, ids=range(len(UPLOADS)))
async def test_what_is_no_picture_is_refused_in_words(world, how, status):
    answer = await world.http.post("/images", **how)
    assert (answer.status_code, answer.json()["code"]) == (status, CODES[status]), answer.text
    assert len(answer.json()["error"]) > 10


async def test_a_stream_that_is_too_large_is_cut_off(world):
    async def endless():
        yield b"\xff\xd8\xff"
        for _ in range(2_000):
            yield b"x" * 100_000

    with contextlib.suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):  # it may hang up at once
        answer = await world.http.post("/images", content=endless(), headers={"Content-Type": "image/jpeg"})
        assert answer.status_code == 413
    assert (await world.http.get("/health")).status_code == 200


BAD = [
    ("GET", "/images/0", 422), ("GET", "/images/abc", 422), ("GET", "/images/9223372036854775808", 422),
    ("GET", "/images/1/../../etc", 404), ("GET", "/images?stage=nonsense", 422), ("GET", "/images?limit=0", 422),
    ("GET", "/images?limit=1e9", 422), ("GET", "/runs/-1", 422), ("GET", "/runs/" + "9" * 5000, 422),
    ("GET", "/symbols?sort=nonsense", 422), ("GET", "/symbols?find=%00", 200), ("GET", "/symbols?find=%FF%FE", 200),
    ("GET", "/symbols?offset=99999999999999999999", 422), ("GET", "/symbols/%00/levels", 404),
    ("GET", "/symbols/..%2F..%2F/history", 404), ("GET", "/data?symbols=" + "A," * 500, 400),
    ("GET", "/data?symbols=../x", 400), ("GET", "/data?symbols=%00", 400), ("GET", "/data", 422),
    ("GET", "/reports?day=2026-02-30", 422), ("GET", "/reports?symbol=%2A", 400), ("GET", "/reports/BTC?id=x", 422),
    ("POST", "/cancel/7", 400), ("POST", "/cancel/x", 400), ("POST", "/images/999999/retry", 404),
    ("POST", "/images/999999/reread", 404), ("DELETE", "/images/1", 405), ("PUT", "/images", 405),
    ("POST", "/metrics", 405), ("GET", "/pause", 405), ("GET", "/ws", 404), ("POST", "/docs", 405),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), BAD, ids=lambda value: str(value)[:50])
async def test_a_bad_request_gets_a_sentence(world, method, path, status):
    answer = await world.http.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    if status >= 400:
        assert set(answer.json()) == {"error", "code"}
        assert answer.json()["code"] == CODES[status]
    if status == 405:
        assert answer.headers["allow"]


async def test_the_status_is_never_older_than_what_was_asked_for(world):
    for paused in (True, False) * 10:
        await world.http.post("/pause" if paused else "/resume")
        assert (await world.http.get("/status")).json()["paused"] is paused


async def test_a_kept_record_follows_its_evidence(world):
    """The answer is kept; a new picture must change what the next request is told."""
    name = world.rows[0].symbol
    before = (await world.http.get(f"/data/{name}")).json()
    (world.home / "downloads" / "later.jpg").write_bytes(ratio_picture(1, rows=12))

    async def changed():
        now = (await world.http.get(f"/data/{name}")).json()
        return now if now["WinRate_1m"] != before["WinRate_1m"] else None

    after = await until(changed, "the long-term ratio")
    assert after["WinRate_1m_Source"] == "long-term ratio"
    assert after == (await world.runtime.control.data(name)).flat()
    await at_rest(world.runtime)


async def test_many_ask_for_records_at_once(world):
    names = [row.symbol for row in world.rows] * 20
    answers = await asyncio.gather(*(world.http.get(f"/data/{name}") for name in [*names, "NOTTHERE"]))
    assert [answer.json().get("Symbol") for answer in answers] == [*names, None]


async def test_ready_and_metrics(world):
    assert (await world.http.get("/readyz")).json() == {"ready": True, "missing": []}
    await world.http.get("/data/NOTTHERE")
    answer = await world.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    from prometheus_client.parser import text_string_to_metric_families

    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    counts = await world.runtime.control.image_counts()
    assert found["kingtui_pictures", ("stage", "extracted")] == counts["extracted"]
    assert found["kingtui_runs_total", ("result", "success"), ("step", "5")] >= 1
    assert found["kingtui_symbols",] == (await world.http.get("/symbols")).json()["total"]
    assert sum(value for name, value in found.items() if name[0] == "kingtui_health") == 1
    missed = ("kingtui_http_request_duration_seconds_count", ("method", "GET"), ("route", "/data/{symbol}"))
    assert found[(*missed, ("status", "404"))] >= 1
    assert found["kingtui_step_backlog_items", ("step", "4")] == 0
    assert found["process_resident_memory_bytes",] > 1e6
    open_metrics = await world.http.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert open_metrics.text.endswith("# EOF\n")


async def test_the_manual_names_every_route_and_needs_nothing_from_outside(world):
    document = (await world.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    page = await world.http.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
    assert not re.findall(r"https?://", page.text)
    assert "<script" not in page.text
    assert "style=" not in page.text
    style = await world.http.get("/docs/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
