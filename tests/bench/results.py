"""results -- what was measured, round by round, and how it is printed."""
import statistics


WORST = ("max_ms", "peak_mib", "peak_mb", "anonymous_mib", "wal_mib")  # of these the largest of all rounds counts, not the median


class Results:
    """Figures by the name of what was measured; a figure is measured once a round, or once."""

    def __init__(self):
        self.rounds = {}  # name: [{figure: value}, ...]
        self.notes = {}   # name: what was seen, in words

    def add(self, name, **figures):
        self.rounds.setdefault(name, []).append(figures)

    def note(self, name, text):
        self.notes[name] = text

    def figure(self, name, figure):
        """None: not measured."""
        values = [r[figure] for r in self.rounds.get(name, []) if figure in r]
        if not values:
            return None
        return max(values) if figure in WORST else statistics.median(values)

    def spread(self, name, figure, decimals=0):
        """The median, and the least and the most of the rounds."""
        values = [r[figure] for r in self.rounds[name]]
        least, middle, most = (text(value, decimals) for value in (min(values), statistics.median(values), max(values)))
        return f"{middle} ({least} to {most})"

    def total(self, name, figure):
        return sum(r[figure] for r in self.rounds[name])

    def over_rounds(self, figure_of_round):
        """The median of figure_of_round(round), which gets {name: figures} of one round; None if a name is missing."""
        found = []
        for n in range(max((len(r) for r in self.rounds.values()), default=0)):
            try:
                found.append(figure_of_round({name: r[n] for name, r in self.rounds.items() if n < len(r)}))
            except KeyError:
                continue
        return statistics.median(found) if found else None


def ratio(results, figure, name, *bases):
    """The median of the rounds' ratios: what disturbs a round disturbs both sides of it."""
    return results.over_rounds(lambda r: r[name][figure] / sum(r[base][figure] for base in bases))


def text(value, decimals=1):
    return "-" if value is None else f"{value:,.{decimals}f}"


def print_table(results, title, names, columns):
    """`columns`: (heading, figure, decimals); a row for each name that was measured."""
    rows = [[name, *(text(results.figure(name, figure), decimals) for _, figure, decimals in columns)]
            for name in names if name in results.rounds]
    if rows:
        print_rows([title, *(heading for heading, _, _ in columns)], rows)


def print_rows(heading, rows):
    """As a table that reads well here and in a Markdown document."""
    widths = [max(len(row[i]) for row in [heading, *rows]) for i in range(len(heading))]

    def line(cells):
        return "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w)
                                 for i, (c, w) in enumerate(zip(cells, widths))) + " |"
    print()
    print(line(heading))
    print("|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|")
    for row in rows:
        print(line(row))
