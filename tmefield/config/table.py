"""What every table of a configuration is made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field

Name = Annotated[str, Field(min_length=1, max_length=80)]
PathText = Annotated[str, Field(min_length=1, max_length=4096)]


class Table(BaseModel):
    """A table of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


def which(prefix: str, names: tuple[str, ...], text: bool = False) -> Discriminator:
    """Tells the kind of a table from the key that it holds; tags start with `prefix:` and never show in messages."""

    def discriminate(value: Any) -> str | None:
        if isinstance(value, str):
            return f"{prefix}:text" if text else None
        given = [name for name in names if (name in value if isinstance(value, dict) else hasattr(value, name))]
        return f"{prefix}:{given[0]}" if len(given) == 1 else None

    listed = ", ".join(f"'{name}'" for name in names[:-1]) + f" or '{names[-1]}'"
    plain = "'no-flux', 'periodic' or a table with " if text else "a table with "
    return Discriminator(discriminate, custom_error_type="which", custom_error_message=f"expected {plain}exactly one of the keys {listed}")
