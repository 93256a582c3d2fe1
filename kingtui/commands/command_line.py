"""What can be typed: the commands of ``kingtui``, their options, and which function does each.

Typer reads the annotations here. Whatever a command needs is imported when it runs, so that ``--help`` and
``--version`` answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kingtui import __version__
from kingtui.commands import groups
from kingtui.commands.options import Demo, Given, Home, Json, SymbolName

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kingtui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def kingtui(
    context: typer.Context,
    home: Home = None,
    demo: Demo = False,
    api: Annotated[bool | None, typer.Option("--api/--no-api", help="Serve the HTTP API, or do not (served)")] = None,
    api_only: Annotated[bool, typer.Option("--api-only", help="Run without a screen: orchestrator and API")] = False,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Address of the API (localhost)")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="Port of the API; 0 takes any free (5555)")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let everybody who can reach the API do everything")
    ] = False,
    certfile: Annotated[Path | None, typer.Option(metavar="PEM", help="Certificate, for https")] = None,
    keyfile: Annotated[Path | None, typer.Option(metavar="PEM", help="Key of the certificate")] = None,
    attach: Annotated[
        str | None, typer.Option("--attach", metavar="URL", help="Show a kingtui that runs elsewhere (KINGTUI_TOKEN)")
    ] = None,
    low_bandwidth: Annotated[bool, typer.Option("--low-bandwidth", help="Fewer screen updates, no animation")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which")] = False,
) -> None:
    """Turns The Kingfisher's chart pictures into levels, win rates and reports, by itself.

    Without a command it opens the dashboard and runs the six steps and the HTTP API in it; where another kingtui runs
    in the home already, the dashboard shows that one.
    """
    from kingtui.models import WrongUse

    if api_only and context.invoked_subcommand is not None:
        raise WrongUse(f"--api-only starts kingtui itself: it cannot stand before {context.invoked_subcommand}")
    if api_only and api is False:
        raise WrongUse("--api-only serves the API: it cannot stand beside --no-api")
    if attach is not None and (api_only or api is not None or context.invoked_subcommand is not None):
        raise WrongUse(
            "--attach only shows another kingtui: no command, --api-only, --api or --no-api can stand beside it"
        )
    flags = {
        "api": True if api_only else api, "host": host, "port": port, "insecure": insecure or None,
        "certfile": certfile, "keyfile": keyfile,
    }  # fmt: skip
    given = Given(home, demo, flags)
    context.obj = given
    if context.invoked_subcommand is None:
        from kingtui.commands.start import start

        start(given.settings(), api_only=api_only, low_bandwidth=low_bandwidth, attach=attach)


@app.command()
def run(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="1-6|all", help="One step, or all of them in order")] = "all",
    home: Home = None,
    demo: Demo = False,
) -> None:
    """Run a step, or all of them, once and without a screen.

    A step runs until nothing is due for it; all of them in order, until nothing is due at all. Beside a running
    kingtui it asks that one and waits.
    """
    from kingtui.commands.run import run_steps, steps_named

    steps = steps_named(which)
    if not run_steps(context.obj.settings(home, demo), steps):
        raise typer.Exit(1)


@app.command()
def read(
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE…", help="Pictures, folders of pictures, patterns such as 'charts/**/*.jpg', or -"
        ),
    ],
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write one NAME.json per picture")] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Draw what was found on a copy, NAME.explained.png: in DIR or by the picture"),
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, help="Read in at most N processes (one per core)")
    ] = None,
) -> None:
    """Read charts: every number, and whether it was verified.

    Needs no home and changes no picture. A file that cannot be read is named, the others are read, and the exit code
    is 1.
    """
    from kingtui.commands.read import Wanted, read_pictures

    if not read_pictures(images, Wanted(as_json=as_json, out=out, explain=explain), jobs):
        raise typer.Exit(1)


@app.command()
def status(context: typer.Context, home: Home = None, demo: Demo = False, as_json: Json = False) -> None:
    """How the six steps and the whole are."""
    from kingtui.commands.ask import show_status

    show_status(context.obj.settings(home, demo), as_json=as_json)


@app.command()
def trigger(
    context: typer.Context,
    step: Annotated[str, typer.Argument(metavar="N", help="A step, 1 to 6")],
    home: Home = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Ask the running kingtui to run a step, without waiting for it."""
    from kingtui.commands.ask import trigger_step
    from kingtui.commands.run import step_named

    trigger_step(context.obj.settings(home, demo), step_named(step), as_json=as_json)


@app.command()
def data(
    context: typer.Context, symbol: SymbolName, home: Home = None, demo: Demo = False, as_json: Json = False
) -> None:
    """All that is known of a symbol: price, win rates, clusters, RSI."""
    from kingtui.commands.ask import show_data

    show_data(context.obj.settings(home, demo), symbol, as_json=as_json)


@app.command()
def report(
    context: typer.Context, symbol: SymbolName, home: Home = None, demo: Demo = False, as_json: Json = False
) -> None:
    """The latest report of a symbol."""
    from kingtui.commands.ask import show_report

    show_report(context.obj.settings(home, demo), symbol, as_json=as_json)


@app.command()
def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option(metavar="N", help="How many runs, the newest at the end")] = 20,
    step: Annotated[str | None, typer.Option(metavar="N", help="Of this step only")] = None,
    status: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only success, failed, timeout or cancelled")
    ] = None,
    home: Home = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """The runs that have ended, and why each was made."""
    from kingtui.commands.ask import show_history
    from kingtui.commands.run import step_named

    number = None if step is None else step_named(step)
    settings = context.obj.settings(home, demo)
    show_history(settings, limit=limit, step=number, status=status, as_json=as_json)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Address of the page")] = "localhost",
    port: Annotated[int, typer.Option("--port", metavar="PORT", min=1, max=65_535, help="Port of the page")] = 8000,
    attach: Annotated[
        str | None, typer.Option("--attach", metavar="URL", help="Show a kingtui that runs elsewhere (KINGTUI_TOKEN)")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let everybody who can reach the page work the dashboard")
    ] = False,
    home: Home = None,
    demo: Demo = False,
) -> None:
    """The dashboard of a running kingtui in a browser, for each visitor one of their own."""
    from kingtui.commands.serve import serve_dashboard

    settings = context.obj.settings(home, demo)
    serve_dashboard(settings, host=host, port=port, attach=attach, insecure=insecure)


@app.command()
def login(
    context: typer.Context,
    qr: Annotated[bool, typer.Option("--qr", help="Scan a QR code instead; not for a new account")] = False,
    home: Home = None,
) -> None:
    """Sign in to Telegram: phone number, code, and password where the account has one.

    Beside a running kingtui that one signs in. The code arrives inside Telegram.
    """
    from kingtui.commands.login import sign_in

    sign_in(context.obj.settings(home), qr=qr)


@app.command()
def logout(context: typer.Context, home: Home = None) -> None:
    """Sign out of Telegram: the session ends there and is removed here."""
    from kingtui.commands.login import sign_out

    sign_out(context.obj.settings(home))


@app.command()
def doctor(context: typer.Context, home: Home = None, demo: Demo = False, as_json: Json = False) -> None:
    """Check what kingtui needs, and say what to do where it lacks."""
    from kingtui.commands.doctor import examine

    if not examine(context.obj.settings(home, demo), as_json=as_json):
        raise typer.Exit(1)


@app.command()
def locate(context: typer.Context, home: Home = None, demo: Demo = False, as_json: Json = False) -> None:
    """Every path and setting, and where each comes from."""
    from kingtui.commands.locate import show_places

    show_places(context.obj.settings(home, demo), as_json=as_json)


app.add_typer(groups.token, name="token")
app.add_typer(groups.airtable, name="airtable")
app.add_typer(groups.notify, name="notify")
