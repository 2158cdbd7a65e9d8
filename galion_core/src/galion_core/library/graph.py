"""How the artifacts hang together, from what the plugins say of them."""

from __future__ import annotations

from collections.abc import Sequence

from galion_core.plugins.manager import PluginManager
from galion_core.types import GraphEdge, IndexDocument


def edges(manager: PluginManager, documents: Sequence[IndexDocument]) -> list[GraphEdge]:
    """The relations between known artifacts; of several with the same ends the surest stays.

    Sorted by source, target and relation, so that the same library gives the same graph.
    """
    known = {each.artifact_id for each in documents}
    best: dict[tuple[str, str, str], GraphEdge] = {}
    for answer in manager.collect("galion_graph_edges", documents=tuple(documents)):
        edge: GraphEdge = answer.value
        if edge.source not in known or edge.target not in known:
            continue
        ends = (edge.source, edge.target, edge.relation)
        if ends not in best or best[ends].confidence < edge.confidence:
            best[ends] = edge
    return [best[ends] for ends in sorted(best)]
