"""The command `crm`: what runs in production, and what an engineer needs at hand."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from crm.kit.settings import Settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


def main() -> None:
    """Runs the command; settings that cannot be end it with status 2 and a line for each."""
    try:
        app()
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for wrong in error.errors(include_url=False, include_input=False, include_context=False):
            name = "".join(f"{part}: " for part in wrong["loc"]).upper()
            print(name + wrong["msg"].removeprefix("Value error, "), file=sys.stderr)
        sys.exit(2)


@app.command()
def run() -> None:
    """Start everything on this machine: database, migrations, demo data, API, worker, simulators."""
    from crm.run import run_stack

    raise typer.Exit(run_stack("run"))


@app.command()
def demo(*, once: Annotated[bool, typer.Option(help="End after the story.")] = False) -> None:
    """Start everything and pay a deposit end to end, told step by step."""
    from crm.run import run_stack

    raise typer.Exit(run_stack("demo", once=once))


@app.command()
def api() -> None:
    """Serve the API, the portal and the console on PORT and PORTAL_PORT."""
    gc.disable()  # until all is loaded
    import uvicorn
    import uvloop

    from crm.app import create_app
    from crm.kit.logging import configure_logging

    settings = Settings()
    configure_logging(production=settings.crm_env == "production", level=settings.log_level)
    config = uvicorn.Config(
        create_app(settings),
        log_level="warning",
        access_log=False,
        http="httptools",
        ws="none",
        lifespan="on",
    )
    sockets = []
    for port in dict.fromkeys((settings.port, settings.portal_port)):
        one = uvicorn.Config(config.app, host=settings.bind_host, port=port, log_level="error")
        sockets.append(one.bind_socket())
    _settle_memory()
    server = uvicorn.Server(config)
    uvloop.run(server.serve(sockets=sockets))
    raise typer.Exit(0 if server.started else 1)


@app.command()
def worker() -> None:
    """Work through the jobs; run as many of these as you like."""
    gc.disable()  # until all is loaded
    import uvloop

    from crm.kit.logging import configure_logging
    from crm.worker import run as run_worker

    settings = Settings()
    configure_logging(production=settings.crm_env == "production", level=settings.log_level)
    _settle_memory()
    uvloop.run(run_worker(settings, _database_url(settings)))


def _settle_memory() -> None:
    """What is loaded now stays; the collector need not look at it again (facts/engines.md C4: GC was the tail).
    Looking again and again while loading cost a sixth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)
    gc.enable()


@app.command(
    add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def sandbox(context: typer.Context) -> None:
    """Start only the simulators of Stripe and QuickBooks (crm sandbox --help tells its options)."""
    # Another program, in place of this one: the product does not know its simulators.
    port = (
        []
        if any(one.startswith("--port") for one in context.args)
        else ["--port", str(Settings().sandbox_port)]
    )
    os.execv(sys.executable, [sys.executable, "-m", "crm_sandbox", *port, *context.args])  # noqa: S606


@app.command("mail-bounce")
def mail_bounce() -> None:
    """Take a returned mail from standard input: crm mail-bounce < message."""
    from crm.kit.database import Database, app_url
    from crm.notifications.bounces import SIZE_MAX, take_returned

    settings = Settings()
    content = sys.stdin.buffer.read(SIZE_MAX)

    async def take() -> bool:
        db = Database(app_url(_database_url(settings), settings.secret_keys[0]), pool_size=1)
        try:
            return await take_returned(db, content)
        finally:
            await db.close()

    print("marked as returned" if asyncio.run(take()) else "not about a mail of ours that failed for good")


@app.command()
def migrate(revision: str = "head") -> None:
    """Bring the database to the newest schema and give the application's role its rights."""
    from crm.kit import migrations

    settings = Settings()
    migrations.upgrade(_database_url(settings), settings.secret_keys[0], revision)


@app.command("check-migrations")
def check_migrations() -> None:
    """Fail when the migrations do not make the tables that the code expects."""
    import tempfile
    from pathlib import Path

    import crm.tables  # noqa: F401 - registers every table
    from crm.kit import migrations
    from crm.kit.embedded_postgres import EmbeddedPostgres
    from crm.kit.secret_key import make_secret_key

    with tempfile.TemporaryDirectory(prefix="crm-migrations-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        postgres.start()
        try:
            migrations.upgrade(postgres.url, make_secret_key())
            differences = migrations.differences(postgres.url)
        finally:
            postgres.stop()
    for difference in differences:
        typer.echo(difference, err=True)
    if differences:
        raise typer.Exit(1)
    typer.echo("migrations match the models")


@app.command("demo-data")
def demo_data() -> None:
    """Load the demo data, once; refused in production."""
    from crm.demo.loading import load_demo

    settings = Settings()
    loaded = load_demo(settings, _database_url(settings))
    typer.echo("demo data loaded" if loaded else "demo data was there already")


@app.command("portal-link")
def portal_link(proposal_id: int, org_id: int = 1) -> None:
    """Print a portal link of a demo proposal (refused in production)."""
    from crm.demo.loading import demo_portal_url
    from crm.kit.database import Database, app_url

    settings = Settings()
    if settings.crm_env == "production":
        typer.echo("Refused in production: make links in the console.", err=True)
        raise typer.Exit(1)

    async def make() -> str:
        database = Database(app_url(_database_url(settings), settings.secret_keys[0]))
        try:
            return await demo_portal_url(database, settings, proposal_id, org_id)
        finally:
            await database.close()

    typer.echo(asyncio.run(make()))


@app.command()
def doctor(org_id: int = 1) -> None:
    """Examine an org's connection to QuickBooks and Stripe; ends with 1 when something is wrong."""
    from crm.accounting import doctor as examining
    from crm.accounting.context import Books
    from crm.accounting.findings import Finding, worst
    from crm.gateways.http import make_client
    from crm.kit.database import Database, app_url

    settings = Settings()

    async def examine() -> list[Finding]:
        db = Database(app_url(_database_url(settings), settings.secret_keys[0]), pool_size=1)
        try:
            async with make_client() as http:
                return await examining.examine(Books(db, settings, http), org_id)
        finally:
            await db.close()

    found = asyncio.run(examine())
    for one in found:
        typer.echo(f"{one.state:<8} {one.check}: {one.what}")
        if one.why:
            typer.echo(f"         why:  {one.why}")
            typer.echo(f"         mend: {one.mend}")
    if worst(found) == "wrong":
        raise typer.Exit(1)


@app.command("database-url")
def database_url() -> None:
    """Print the address of the database in use (owner's role), for psql."""
    typer.echo(_database_url(Settings()))


@app.command("verify-log")
def verify_log() -> None:
    """Prove that the activity log of every org is whole, or name the first broken entry."""
    from sqlalchemy import text

    from crm.activity.verify import Verdict, verify_org
    from crm.kit.database import Database, app_url

    settings = Settings()

    async def verify() -> list[Verdict]:
        database = Database(app_url(_database_url(settings), settings.secret_keys[0]))
        try:
            async with database.transaction() as session:
                orgs = (await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all()
            verdicts = []
            for org_id in orgs:
                async with database.transaction(org_id) as session:
                    verdicts.append(await verify_org(session, org_id))
            return verdicts
        finally:
            await database.close()

    verdicts = asyncio.run(verify())
    for verdict in verdicts:
        typer.echo(str(verdict), err=bool(verdict.why))
    if any(verdict.why for verdict in verdicts):
        raise typer.Exit(1)


@app.command("verify-paper")
def verify_paper_file(file: Path) -> None:
    """Check a signed paper or a receipt (a PDF) against the log: made here, log whole, offer unchanged."""
    from crm.kit.database import Database, app_url
    from crm.papers.verify import PaperVerdict, verify_paper

    settings = Settings()

    async def verify() -> PaperVerdict:
        database = Database(app_url(_database_url(settings), settings.secret_keys[0]))
        try:
            return await verify_paper(database, pdf)
        finally:
            await database.close()

    if not file.is_file():
        typer.echo(f"There is no file {file}.", err=True)
        raise typer.Exit(1)
    pdf = file.read_bytes()
    verdict = asyncio.run(verify())
    typer.echo(str(verdict), err=not verdict.good)
    if not verdict.good:
        raise typer.Exit(1)


@app.command()
def openapi() -> None:
    """Print the API's description (OpenAPI)."""
    from crm.app import create_app

    typer.echo(json.dumps(create_app(Settings()).openapi(), indent=2, sort_keys=True))


@app.command("make-secret-key")
def make_key() -> None:
    """Print a new key for CRM_SECRET_KEY."""
    from crm.kit.secret_key import make_secret_key

    typer.echo(make_secret_key())


def _database_url(settings: Settings) -> str:
    from crm.kit.embedded_postgres import running_url

    url = settings.database_url or running_url(settings.crm_data_dir)
    if url is None:
        typer.echo(
            f"No database: DATABASE_URL is not set and none runs in {settings.crm_data_dir}. Start `make run`, "
            "or set DATABASE_URL.",
            err=True,
        )
        raise typer.Exit(1)
    return url


if __name__ == "__main__":
    main()
