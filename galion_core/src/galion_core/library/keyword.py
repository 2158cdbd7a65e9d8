"""The built-in search index: BM25 over words, in memory, made from the catalogue in a moment."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from galion_core.types import IndexDocument, IndexHit

# The usual constants of Okapi BM25 (Robertson and Zaragoza, 2009).
_K1, _B = 1.2, 0.75
#: A query's words that are looked up, at most.
_MAX_WORDS = 64

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Words as they are compared: case folded, split at punctuation, underscores and letter case.

    >>> words("AnimeStyle_v2.safetensors")
    ['anime', 'style', 'v2', 'safetensors']
    """
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return [word.casefold() for word in _WORD.findall(spaced)]


class KeywordIndex:
    """An Index over words; nothing is kept on disk."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._lengths: dict[str, int] = {}
        self._places: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, documents: Sequence[IndexDocument]) -> None:
        """Add or replace documents."""
        self.remove(each.artifact_id for each in documents)
        for each in documents:
            found = words("\n".join((each.text, *each.tags, *each.fields.values())))
            self._counts[each.artifact_id] = counts = Counter(found)
            self._lengths[each.artifact_id] = len(found)
            for word in counts:
                self._places[word].add(each.artifact_id)

    def remove(self, artifact_ids: Iterable[str]) -> None:
        """Forget artifacts."""
        for artifact_id in artifact_ids:
            for word in self._counts.pop(artifact_id, ()):
                self._places[word].discard(artifact_id)
            self._lengths.pop(artifact_id, None)

    def search(self, query: str, limit: int) -> Sequence[IndexHit]:
        """The best hits; ``why`` names the words that matched."""
        asked = list(dict.fromkeys(words(query)))[:_MAX_WORDS]
        scores: defaultdict[str, float] = defaultdict(float)
        matched: defaultdict[str, list[str]] = defaultdict(list)
        average = sum(self._lengths.values()) / max(1, len(self._lengths))
        for word in asked:
            places = self._places.get(word, set())
            rarity = math.log(1 + (len(self._counts) - len(places) + 0.5) / (len(places) + 0.5))
            for artifact_id in places:
                count = self._counts[artifact_id][word]
                length = self._lengths[artifact_id] / max(1.0, average)
                weight = count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length))
                scores[artifact_id] += rarity * weight
                matched[artifact_id].append(word)
        best = sorted(scores, key=lambda artifact_id: (-scores[artifact_id], artifact_id))[:limit]
        # A score has no upper bound; half of it is reached at a good match of two words.
        return [
            IndexHit(
                artifact_id=each,
                score=round(scores[each] / (scores[each] + 8), 4),
                why="matches " + ", ".join(matched[each]),
            )
            for each in best
        ]

    def close(self) -> None:
        """Nothing is held."""


def open_keyword_index(folder: Path) -> KeywordIndex:
    """A new, empty index; ``folder`` is not used."""
    return KeywordIndex()
