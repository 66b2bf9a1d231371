namespace Kavalek.Server.Benchmarks;

/// <summary>
/// The figures beside those of TARGETS. The peers' were read on 2026-11-22 on the same kind of machine, in another run: a machine that is
/// slower today is slower in all of ours and none of theirs; the limits below are of this run.
/// </summary>
sealed class Report(string store)
{
    readonly List<string[]> _rows = [];
    readonly List<string> _limits = [];

    public void Relay(Result r) => _limits.Add($"bare Kestrel relay, 50 pairs, 16 in flight: {r.PerSecond:N0} msg/s, {r.ProcessorPer10K:0.00} CPU s per 10,000");

    public void Storage(double one, double many) =>
        _limits.Add($"bare SQLite (WAL, synchronous=FULL), rows of 1 KiB: {one:N0} /s one a transaction, {many:N0} /s with 500 in one");

    public void Start(TimeSpan started, long bytes) =>
        Add("start to first answer; idle memory of a node", $"{started.TotalSeconds:0.00} s; {bytes / 1048576.0:0} MiB", "–", "–", "≤ 1.0 s; ≤ 100 MB");

    public void Idle(int[] counts, (double LogIns, double Bytes)[] results)
    {
        for (int i = 0; i < counts.Length; i++)
            Add($"memory of an idle socket, at {counts[i]:N0}", $"{results[i].Bytes / 1024:0.0} KiB", "36–62 KiB", "2–14 KiB", "≤ 16 KiB");
        Add("log-ins a second (token to ready)", $"{results.Max(r => r.LogIns):N0}", "230–1,400", "1,400–1,700", "≥ 5,000");
    }

    public void Pairs(Result r)
    {
        Add("one-to-one, stored before acknowledged, msg/s", $"{r.PerSecond:N0}", "1,710–2,030", "8,130–23,300", store == "sqlite" ? "≥ 60,000" : "≥ 45,000");
        Add("the same, delivery p50 / p95 / p99", $"{r.P50:0.0} / {r.P95:0.0} / {r.P99:0.0} ms", "p99 557–967 ms", "p99 58–162 ms", "p99 ≤ 30 ms");
        Add("the same, server CPU s per 10,000", $"{r.ProcessorPer10K:0.00}", "5.8–7.7", "0.53–1.8", "≤ 0.25");
    }

    public void Paced(Result r) =>
        Add($"open loop 2,000 msg/s (got {r.PerSecond:N0}), p50 / p99", $"{r.P50:0.0} / {r.P99:0.0} ms", "332 / 1,360 ms", "0.5–1.0 / 17–22 ms", "≤ 1.5 / 10 ms");

    public void Group(int members, Result r) =>
        Add(
            $"group of {members} online, deliveries/s; p99; CPU s per 10,000", $"{r.PerSecond:N0}; {r.P99:0} ms; {r.ProcessorPer10K:0.000}",
            "4,200–13,000", "53,400–134,600", members == 50 ? "≥ 400,000" : "≥ 350,000; ≤ 40 ms");

    public void Drain(Result r) =>
        Add("drain of 100,000 for 100 people, msg/s; CPU s per 10,000", $"{r.PerSecond:N0}; {r.ProcessorPer10K:0.000}", "4,000–9,700", "37,800–77,700", "≥ 150,000");

    public void Print()
    {
        string[] heads = ["workload (1 KiB)", "Kavalek, this run", "ejabberd, prosody *", "Node + PostgreSQL + Redis *", "target"];
        int[] widths = [.. heads.Select((head, i) => _rows.Select(r => r[i].Length).Append(head.Length).Max())];
        Console.WriteLine();
        foreach (string[] row in _rows.Prepend(heads))
            Console.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        Console.WriteLine("\n* read in another run, see docs");
        foreach (string limit in _limits)
            Console.WriteLine($"limit of this run: {limit}");
        Console.WriteLine($"load of the machine before and after, other processes included: {File.ReadAllText("/proc/loadavg").Trim()}");
    }

    void Add(params string[] row) => _rows.Add(row);
}
