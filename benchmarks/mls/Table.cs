using System.Globalization;

namespace Kavalek.Mls.Benchmarks;

/// <summary>mlspp's figure from another run, what dominates it, and the most that ours may be of it (for a rate: the least).</summary>
sealed record Goal(double MlsPp, Work Work, double? Ratio = null);

/// <summary>Collects results and prints them beside the limit and the live peers of this run, and beside mlspp as it was read elsewhere.</summary>
sealed class Table(Peers peers, Yardstick? before)
{
    const int Name = 48, Column = 11;

    readonly List<Func<string[]>> _rows = [];
    Yardstick? _after;
    int _met, _missed, _metAsRead;

    /// <summary>A time in milliseconds, where less is better.</summary>
    public void Time(string name, string? operation, double milliseconds, double? limit, Goal? goal = null) =>
        Add(name, operation, milliseconds, "ms", less: true, limit, goal);

    /// <summary>A rate per second, where more is better.</summary>
    public void Rate(string name, string? operation, double perSecond, double? limit, Goal? goal = null) =>
        Add(name, operation, perSecond, "/s", less: false, limit, goal);

    /// <summary>A size in bytes, where less is better; the target is absolute.</summary>
    public void Size(string name, string? operation, long bytes, double target) => _rows.Add(() =>
    {
        bool met = bytes <= target;
        Count(met, met);
        double? theirs = operation is null ? null : peers[Peers.TsMls, operation];
        return [name, Number(bytes) + " B", "", "", Text(theirs, " B"), Ratio(theirs / bytes), "", "", "", "", "", $"<={Number(target)} B", Verdict(met)];
    });

    public void Print(Yardstick? after)
    {
        _after = after;
        Console.WriteLine($"""
            MLS, suite 0x0002 unless said, in processor time of the whole process (what one core takes); medians, warm.
            limit    the curve operations and AEAD alone, by this library's provider, in this run.
            ts-mls, OpenMLS   live in this run: ts-mls {Version("ts-mls")} in Node; OpenMLS native in core-crypto {Version("@wireapp/core-crypto")}, with its database in memory.
                     The column after each says how many times faster (or smaller) this library is.
            mlspp    not live: no package registry has it. 'read' is its figure from another run on a faster day; 'here' is that figure times
                     what openssl speed loses between there and here ({Drifts()}), which is what it would take now.
            target   of this/mlspp 'here'. The last column says whether 'read' is met too, without regard to the slower machine.
            """);
        Console.WriteLine();
        Row("operation", "this", "limit", "of limit", "ts-mls", "faster", "OpenMLS", "faster", "mlspp read", "mlspp here", "this/mlspp", "target", "", "as read");
        Console.WriteLine(new string('-', Name + 13 * Column));
        foreach (Func<string[]> row in _rows)
        {
            string[] columns = row();
            Row(columns[0], columns[1..]);
        }
        Console.WriteLine();
        Console.WriteLine($"{_met} targets met, {_missed} missed; {_metAsRead} met by the figures as read.");
    }

    void Add(string name, string? operation, double value, string unit, bool less, double? limit, Goal? goal) => _rows.Add(() =>
    {
        double? tsMls = operation is null ? null : peers[Peers.TsMls, operation], openMls = operation is null ? null : peers[Peers.OpenMls, operation];
        double? Faster(double? theirs) => less ? theirs / value : value / theirs;
        string verdict = "", asRead = "", target = "";
        double? here = null;
        if (goal is not null)
        {
            if (before is not null && _after is not null)
            {
                double drift = Yardstick.Drift(before, _after, goal.Work);
                here = less ? goal.MlsPp * drift : goal.MlsPp / drift;
            }
            if (goal.Ratio is { } ratio)
            {
                bool Met(double theirs) => less ? value <= ratio * theirs : value >= ratio * theirs;
                target = (less ? "<=" : ">=") + ratio.ToString("0.00", CultureInfo.InvariantCulture);
                verdict = Verdict(Met(here ?? goal.MlsPp));
                asRead = Verdict(Met(goal.MlsPp));
                Count(Met(here ?? goal.MlsPp), Met(goal.MlsPp));
            }
        }
        return
        [
            name, $"{Number(value)} {unit}", Text(limit, " " + unit), Ratio(less ? value / limit : limit / value),
            Text(tsMls, " " + unit), Ratio(Faster(tsMls)), Text(openMls, " " + unit), Ratio(Faster(openMls)),
            Text(goal?.MlsPp, " " + unit), Text(here, " " + unit), Plain(value / (here ?? goal?.MlsPp)), target, verdict, asRead,
        ];
    });

    void Count(bool met, bool asRead)
    {
        if (met) _met++;
        else _missed++;
        if (asRead) _metAsRead++;
    }

    string Drifts() => before is null || _after is null
        ? "not measured: no openssl command, so the figure as read is taken"
        : string.Join(", ", Enum.GetValues<Work>().Select(work => $"{work.ToString().ToLowerInvariant()} {Plain(Yardstick.Drift(before, _after, work))}x"));

    static string Version(string package) => Peers.VersionOf(package) ?? "(not installed)";

    static void Row(string name, params string[] columns) =>
        Console.WriteLine((name.PadRight(Name) + string.Concat(columns.Select(column => column.PadLeft(Column)))).TrimEnd());

    static string Verdict(bool good) => good ? "ok" : "MISS";

    static string Ratio(double? ratio) => ratio is { } r ? Number(r) + "x" : "";

    static string Plain(double? value) => value is { } v ? v.ToString("0.00", CultureInfo.InvariantCulture) : "";

    static string Text(double? value, string unit) => value is { } v ? Number(v) + unit : "";

    static string Number(double value) => value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "#,0", CultureInfo.InvariantCulture);
}
