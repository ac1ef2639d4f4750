"""The report of `bench gateway` as text, with the ratios that the goals speak of."""

from typing import Any

OURS = "golden thread, star"
PERMIT_ALL = "golden thread, permit-all"
_AT = 16


def table(report: dict[str, Any]) -> str:
    """Return the whole report."""
    size = f"{report['answer_bytes']} bytes, {report['answer_objects']} objects"
    head = f"{'gateway':34} {'query':6} conns {'rps':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>7}"
    head += f" {'MiB':>6} {'calls':>6} {'subgraphs':>9} failed"
    lines = [f"large answer {size}; {report['seconds']:g} s for each load", "", head]
    for row in report["rows"]:
        if row["operation"] == "refused":
            continue
        lines.append(
            f"{row['gateway']:34} {row['operation']:6} {row['connections']:5} {row['rps']:8.0f} "
            f"{row['p50']:8.2f} {row['p99']:8.2f} {row['cpu_ms']:7.3f} {row['peak_mib']:6.0f} "
            f"{row['subgraph_calls']:6.1f} {row['subgraph_busy']:8.0%} {row['failures']:6}"
        )
    lines += ["", *ratios(report)]
    for row in report["rows"]:
        if row["operation"] == "refused":
            told = ", ".join(f"{name} {ms:.2f} ms" for name, ms in row["refused_ms"].items())
            lines.append(f"{row['gateway']}: refused by the limit on {told}")
    lines += [f"left out: {word}" for word in report["skipped"]]
    return "\n".join(lines)


def ratios(report: dict[str, Any]) -> list[str]:
    """Return what ours does for one request of each other gateway, at 16 connections."""
    ours = {name: _row(report, OURS, name) for name in ("large", "tiny")}
    lines = []
    others = dict.fromkeys(row["gateway"] for row in report["rows"])
    for other in others:
        if other == OURS:
            continue
        parts = []
        for name, own in ours.items():
            row = _row(report, other, name)
            if own and row and row["rps"]:
                cpu = row["cpu_ms"] / own["cpu_ms"] if own["cpu_ms"] else float("nan")
                parts.append(f"{name} {own['rps'] / row['rps']:.2f}x ({cpu:.2f}x by CPU)")
        lines.append(f"{OURS} against {other}, rps at {_AT} connections: {', '.join(parts)}")
    star, free = ours["large"], _row(report, PERMIT_ALL, "large")
    if star and free:
        added = star["cpu_ms"] / free["cpu_ms"] - 1
        lines.append(f"policy adds {added:.0%} CPU to a large request")
        lines.append(f"p99 is {star['p99'] / star['p50']:.2f} times p50")
    return lines


def summary(report: dict[str, Any]) -> str:
    """Return one line."""
    own = _row(report, OURS, "large")
    if own is None:
        return "gateway: ours was not measured"
    told = f"{own['rps']:.0f} large requests/s on one core, {own['cpu_ms']:.2f} ms CPU each"
    peers = [line for line in ratios(report) if " against " in line and "golden" not in line[20:]]
    return f"gateway: {told}, p50 {own['p50']:.1f} ms, p99 {own['p99']:.1f} ms" + (
        f"; {len(peers)} peers compared" if peers else ""
    )


def _row(report: dict[str, Any], gateway: str, operation: str) -> dict[str, Any] | None:
    for row in report["rows"]:
        if (
            row["gateway"] == gateway
            and row["operation"] == operation
            and row.get("connections") == _AT
        ):
            found: dict[str, Any] = row
            return found
    return None
