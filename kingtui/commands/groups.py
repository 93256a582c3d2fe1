"""Commands of more than one word: ``kingtui token …``, ``kingtui airtable …`` and ``kingtui notify …``."""

from __future__ import annotations

from typing import Annotated

import typer

from kingtui.commands.options import Demo, Home, Json

token = typer.Typer(no_args_is_help=True, help="Tokens, with which other programs use the HTTP API.")


@token.command("create")
def create_token(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Who gets it, for the list")],
    scope: Annotated[
        str, typer.Option("--scope", metavar="WORDS", help="read, trigger (includes read) or admin (includes both)")
    ] = "read",
    expires: Annotated[str, typer.Option("--expires", metavar="TIME", help="Such as 12h, 30d or 52w")] = "30d",
    home: Home = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Make a token and print it, once: it is kept nowhere."""
    from kingtui.commands.token import make_token

    make_token(context.obj.settings(home, demo), name, scope, expires, as_json=as_json)


@token.command("list")
def list_tokens(context: typer.Context, home: Home = None, demo: Demo = False, as_json: Json = False) -> None:
    """The tokens that were made or revoked here, and when each was used last."""
    from kingtui.commands.token import show_tokens

    show_tokens(context.obj.settings(home, demo), as_json=as_json)


@token.command("revoke")
def revoke_token(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As kingtui token list shows it; the jti of any token")],
    home: Home = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """End a token now, also in a kingtui that runs."""
    from kingtui.commands.token import end_token

    end_token(context.obj.settings(home, demo), token_id, as_json=as_json)


airtable = typer.Typer(no_args_is_help=True, help="The mirror of every symbol in Airtable.")


@airtable.command("init")
def airtable_init(context: typer.Context, home: Home = None, demo: Demo = False, as_json: Json = False) -> None:
    """Compare the table with what is written to it, and make what is missing where the token may."""
    from kingtui.commands.airtable import compare_table

    if not compare_table(context.obj.settings(home, demo), as_json=as_json):
        raise typer.Exit(1)


@airtable.command("status")
def airtable_status(context: typer.Context, home: Home = None, demo: Demo = False, as_json: Json = False) -> None:
    """What the table holds, what waits, the calls made and what is wrong, without asking Airtable."""
    from kingtui.commands.airtable import show_mirror

    show_mirror(context.obj.settings(home, demo), as_json=as_json)


@airtable.command("push")
def airtable_push(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="All columns of all symbols, changed or not")] = False,
    home: Home = None,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Send what waits now, whatever held it up; beside a running kingtui that one does it."""
    from kingtui.commands.airtable import push

    if not push(context.obj.settings(home, demo), everything=everything, as_json=as_json):
        raise typer.Exit(1)


notify = typer.Typer(no_args_is_help=True, help="Notices to people elsewhere.")


@notify.command("test")
def notify_test(context: typer.Context, home: Home = None, demo: Demo = False) -> None:
    """Send a notice to every address of KINGTUI_NOTIFY_URLS now."""
    from kingtui.commands.notify import try_addresses

    if not try_addresses(context.obj.settings(home, demo)):
        raise typer.Exit(1)
