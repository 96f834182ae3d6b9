"""What a pair's results come to, and what a cell's."""

import dataclasses
import statistics

from geometry import corner_error

# Found: the mean error of the corners is less than this share of the source's width.
FOUND = 0.01


@dataclasses.dataclass
class Result:
    """Of one method on one pair."""
    # Mean corner error in source pixels: infinity where no matrix was given, None where nothing was to be found.
    error: float | None
    is_found: bool
    seconds: float
    processor_seconds: float
    # Of LinWarp only: its process's memory, and all that it says of the pair, a status and a verdict among it.
    peak_megabytes: float | None = None
    said: dict = dataclasses.field(default_factory=dict)

    @property
    def verdict(self):
        return self.said.get("verdict")


def result(pair, matrix, **rest):
    if pair.truth is None:
        return Result(None, False, **rest)
    error = float("inf") if matrix is None else corner_error(matrix, pair.truth, pair.target_size)
    return Result(error, error < FOUND * pair.source_size[0], **rest)


@dataclasses.dataclass
class Score:
    """Of one method on a cell, or on several together."""
    pairs: int
    found: int
    # Of those found, in source pixels.
    median_error: float | None
    median_seconds: float
    median_processor_seconds: float
    peak_megabytes: float | None
    # How many have a verdict, how many it trusts, how many of these are wrong, how many right ones it does not trust.
    verdicts: int
    trusted: int
    trusted_wrong: int
    right_untrusted: int

    @property
    def share(self):
        return self.found / self.pairs


def score(results):
    """None where the method ran on none of the pairs."""
    if not results:
        return None
    errors = [r.error for r in results if r.is_found]
    trusted = [r for r in results if r.verdict == "trusted"]
    peaks = [r.peak_megabytes for r in results if r.peak_megabytes is not None]
    return Score(
        pairs=len(results), found=len(errors), median_error=statistics.median(errors) if errors else None,
        median_seconds=statistics.median(r.seconds for r in results),
        median_processor_seconds=statistics.median(r.processor_seconds for r in results), peak_megabytes=max(peaks) if peaks else None,
        verdicts=sum(r.verdict is not None for r in results), trusted=len(trusted), trusted_wrong=sum(not r.is_found for r in trusted),
        right_untrusted=sum(r.is_found and r.verdict is not None and r.verdict != "trusted" for r in results))
