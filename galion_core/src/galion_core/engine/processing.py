"""The post-processors: what plugins do with a published file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from galion_core.errors import GalionError
from galion_core.plugins.dispatch import settle
from galion_core.plugins.manager import PluginManager
from galion_core.types import Artifact, PostProcessor, ProcessResult


async def process(manager: PluginManager, artifact: Artifact) -> tuple[Artifact, list[str]]:
    """Run every post-processor that applies, by order and name.

    The artifact comes back with what they found out. One that fails loses only its own part; why is
    said in the list.
    """
    offered = [
        (answer.value, answer.plugin)
        for answer in manager.collect("galion_register_post_processors")
    ]
    offered.sort(key=lambda each: (each[0].order, each[0].name, each[1]))
    warnings = []
    for processor, plugin in offered:
        try:
            metadata = await _run(processor, artifact)
        except GalionError as error:
            warnings.append(f"{processor.name} ({plugin}): {error.message}")
        except Exception as error:
            manager.fault(
                plugin,
                "galion_register_post_processors",
                f"its post-processor {processor.name} raised {type(error).__name__}: {error}",
            )
            warnings.append(f"{processor.name} ({plugin}) failed: {error}")
        else:
            artifact = replace(artifact, metadata={**artifact.metadata, **metadata})
    return artifact, warnings


async def _run(processor: PostProcessor, artifact: Artifact) -> Mapping[str, object]:
    if not processor.applies(artifact):
        return {}
    result: object = await settle(processor.run(artifact))
    if result is None:
        return {}
    if not isinstance(result, ProcessResult):
        raise TypeError(f"it returned {type(result).__name__} instead of ProcessResult")
    return result.metadata
