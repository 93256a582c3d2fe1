"""Health: one word with reasons, soon after something changes."""

from datetime import UTC, datetime

from kingtui.events import HealthChanged
from kingtui.models import HealthWord, Stage
from kingtui.store import images
from kingtui.store.images import Arrival
from tests.world import at_rest, ratio_picture, running, until

NOW = datetime(2026, 3, 4, tzinfo=UTC)


async def health(runtime):
    return (await runtime.control.status()).health


async def test_well_working_and_well_again(tmp_path):
    async with running(tmp_path) as runtime:
        assert (await health(runtime)).word is HealthWord.WELL
        (tmp_path / "downloads" / "chart.jpg").write_bytes(ratio_picture(1))
        await until(lambda: _has_word(runtime, HealthWord.WORKING))
        await at_rest(runtime)
        await until(lambda: _has_word(runtime, HealthWord.WELL), seconds=20)


async def _has_word(runtime, word):
    found = await health(runtime)
    return found.word is word and found


async def test_a_failed_step_asks_for_attention(tmp_path):
    async with running(tmp_path, item_timeout=0.1) as runtime:
        (tmp_path / "downloads" / "chart.jpg").write_bytes(ratio_picture(1))

        async def told():
            found = await health(runtime)
            return found if any("failed" in reason for reason in found.reasons) else None

        found = await until(told, "the failed step", 30)
        assert found.word is HealthWord.ATTENTION
        assert any("step 2 failed: chart.jpg: " in reason for reason in found.reasons)
        (image,) = await runtime.control.images()
        assert image.attempts == 1
        assert image.next_try is not None


async def test_pictures_with_most_values_unsure_count_as_unknown_ones_do(tmp_path):
    async with running(tmp_path) as runtime, runtime._database.write() as tx:
        for number, (stage, share) in enumerate([("unknown", None), *[("extracted", 0.4)] * 2, ("extracted", 0.5)]):
            arrival = Arrival(f"downloads/{number}", f"{number}", f"{number}", 1, 1, "drop", f"{number}")
            image_id = await images.register(tx, arrival, NOW)
            await images.move_on(tx, image_id, Stage(stage), NOW, reason=None, sure_share=share)
        await images.register(tx, Arrival("downloads/new", "new", "new", 1, 1, "drop", "new"), NOW)
        assert await images.doubtful(tx, 50) == (3, 4)
        assert await images.doubtful(tx, 2) == (1, 2)


async def test_many_unknown_pictures_say_that_the_charts_may_have_changed(tmp_path):
    import io

    from PIL import Image

    async with running(tmp_path) as runtime, runtime.bus.subscribe() as events:
        for number in range(12):
            out = io.BytesIO()
            Image.new("RGB", (320 + number, 300), (200, number * 9, 40)).save(out, "PNG")
            (tmp_path / "downloads" / f"{number}.png").write_bytes(out.getvalue())

        async def told():
            return [reason for reason in (await health(runtime)).reasons if "may have changed" in reason]

        (reason,) = await until(told)
        assert reason == "12 of the last 12 pictures are unknown or not verified: the charts may have changed"
        async for event in events:
            if isinstance(event, HealthChanged) and reason in event.health.reasons:
                break
