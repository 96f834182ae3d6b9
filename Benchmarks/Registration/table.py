"""The scores as a table in Markdown, and where LinWarp is behind."""

from runner import OURS
from scoring import score

BEST_PEER = "SIFT + ECC"


def number(value, digits):
    return "–" if value is None else f"{value:.{digits}f}"


def error(value):
    """Two digits that say something."""
    return "–" if value is None else f"{value:.4f}" if value < 0.02 else f"{value:.3f}" if value < 0.2 else f"{value:.2f}"


def entry(score):
    if score is None:
        return "–"
    return f"{score.share:.2f} · {error(score.median_error)} · {score.median_seconds:.2f}"


def verdict(score):
    if score is None or score.verdicts == 0:
        return "–"
    return f"{score.trusted_wrong} of {score.trusted} · {score.right_untrusted} of {score.found}"


def row(name, results, methods):
    scores = {method: score(results[method]) for method in methods}
    cells = [entry(scores[method]) for method in methods] + ([verdict(scores[OURS])] if OURS in methods else [])
    return f"| {name} | {max((s.pairs for s in scores.values() if s), default=0)} | " + " | ".join(cells) + " |"


def table(cells, results, methods):
    """results: by the name of a cell and a method, a list. Cells where nothing can be found, and those with a start, are not in the sums."""
    head = [*methods] + (["verdict"] if OURS in methods else [])
    lines = ["| found · px · s | pairs | " + " | ".join(head) + " |", "|---" * (2 + len(head)) + "|"]
    for cell in cells:
        if not cell.is_ours_alone:
            lines.append(row(cell.name, results[cell.name], methods))
    counted = [cell for cell in cells if cell.is_counted]
    if len(counted) > 1:
        lines.append(row("**all without a start**", together(counted, results, methods), methods))
    return lines


def notes(cells, results, methods):
    ours = verdict_lines(cells, results) if OURS in methods else []
    against = behind(cells, results) if OURS in methods and BEST_PEER in methods else []
    return ours + against + [processor_line(cells, results, methods)]


def together(cells, results, methods):
    return {method: [r for cell in cells for r in results[cell.name][method]] for method in methods}


def verdict_lines(cells, results):
    """The calibration of the verdict over all cells; those where nothing can be found among them."""
    whole = score(together(cells, results, [OURS])[OURS])
    lines = []
    for cell in cells:
        if cell.is_ours_alone and results[cell.name][OURS]:
            statuses = {}
            for r in results[cell.name][OURS]:
                words = r.verdict or r.said["status"]
                statuses[words] = statuses.get(words, 0) + 1
            lines.append(f"- {cell.name}: " + ", ".join(f"{count} {words}" for words, count in sorted(statuses.items())))
    if whole and whole.verdicts:
        wrong = 100 * whole.trusted_wrong / max(1, whole.trusted)
        right = 100 * (1 - whole.right_untrusted / max(1, whole.found))
        lines.append(f"- verdict: {whole.trusted_wrong} of {whole.trusted} trusted are wrong ({wrong:.2f} %), {right:.1f} % of the "
                     f"{whole.found} right ones are trusted")
    if whole and whole.peak_megabytes:
        lines.append(f"- peak memory of {OURS}'s process: {whole.peak_megabytes:.0f} MB")
    return lines


def processor_line(cells, results, methods):
    """On a busy machine the seconds above say little, and these more."""
    scores = {method: score(together([c for c in cells if c.is_counted], results, methods)[method]) for method in methods}
    return "- processor seconds a pair, the median over cells without a start: " + ", ".join(
        f"{method} {s.median_processor_seconds:.3f}" for method, s in scores.items() if s)


def behind(cells, results):
    """Where LinWarp finds fewer than the best peer less one pair, is less exact where both find ten, or takes more than 1.5 times as long."""
    found, exact, slow = [], [], []
    for cell in cells:
        ours, theirs = (score(results[cell.name][method]) for method in (OURS, BEST_PEER))
        if not cell.is_counted or ours is None or theirs is None:
            continue
        if ours.found < theirs.found - 1:
            found.append(f"{cell.name} ({ours.found} to {theirs.found})")
        if min(ours.found, theirs.found) >= 10 and ours.median_error > theirs.median_error:
            exact.append(f"{cell.name} ({error(ours.median_error)} to {error(theirs.median_error)} px)")
        if ours.median_processor_seconds > 1.5 * theirs.median_processor_seconds:
            slow.append(f"{cell.name} ({ours.median_processor_seconds / theirs.median_processor_seconds:.1f})")
    return [f"- {what} than {BEST_PEER} in: {', '.join(names) or 'none'}" for what, names in
            (("finds fewer by more than one pair", found), ("less exact where both find ten", exact),
             ("more than 1.5 times as much processor time", slow))]
