"""A group of commands that helps with mistyped words.

In: click's words. Out: the command that is meant, or a usage error. Never: running anything.
"""

import click

from loraset.registry import nearest


class Commands(click.Group):
    """A group that names the nearest command to a mistyped one, and lists commands in the order they are used."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command named by the first word."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            close = nearest(name, self.commands)
            meant = f" Did you mean {close}?" if close else ""
            raise click.UsageError(f"there is no command {name!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were added."""
        return list(self.commands)
