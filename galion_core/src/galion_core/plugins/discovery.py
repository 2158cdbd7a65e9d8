"""Which plugins are installed, and which of them can be used; no plugin is imported."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from galion_core.plugins.records import GROUP, Offer, PluginRecord, PluginState, normal_name
from galion_core.plugins.remembered import offers_on_path


def discover(
    disabled: Collection[str] = (), *, cache: Path | None = None
) -> tuple[PluginRecord, ...]:
    """Every plugin that is installed, sorted by name, then distribution.

    With the path of a ``cache`` the metadata is read again only when what is installed changed.
    """
    return judged(offers_on_path(cache), disabled)


def judged(offers: Iterable[Offer], disabled: Collection[str] = ()) -> tuple[PluginRecord, ...]:
    """Who of those that were found may be used, whatever the order they were found in.

    Of several distributions that offer one name the first keeps it, in the order of their names.
    """
    in_order = sorted(
        offers,
        key=lambda each: (
            each.record.name,
            normal_name(each.record.distribution),
            each.group != GROUP,
        ),
    )
    records: dict[tuple[str, str], PluginRecord] = {}
    owners: dict[str, str] = {}
    for group, record in in_order:
        key = (record.name, normal_name(record.distribution))
        if key not in records:
            records[key] = _judge(record, group, disabled, owners)
    return tuple(records.values())


def _judge(
    record: PluginRecord, group: str, disabled: Collection[str], owners: dict[str, str]
) -> PluginRecord:
    if record.name in disabled:
        return record._replace(state=PluginState.DISABLED, reason="it is disabled by a setting")
    if record.state is not PluginState.FOUND:
        return record
    if group != GROUP:
        reason = f"it is for {group}, and this Galion has {GROUP}; look for another version of it"
        return record._replace(state=PluginState.INCOMPATIBLE, reason=reason)
    owner = owners.setdefault(record.name, record.distribution)
    if owner != record.distribution:
        reason = f"{owner} and {record.distribution} both offer it; the one of {owner} is used"
        return record._replace(state=PluginState.CONFLICT, reason=reason)
    return record
