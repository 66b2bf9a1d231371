using System.Globalization;

namespace Kavalek.Mls.Benchmarks;

/// <summary>
/// Prints results beside the limit of this run and the peers' figures, which are from another run: one core of a shared machine,
/// medians read 2026-11-22. Across runs the machine drifts by a factor of two; the limit of the same run is the honest ratio.
/// </summary>
static class Table
{
    const int Name = 50, Column = 12;

    public static void Header()
    {
        Console.WriteLine("MLS, suite 0x0002, in processor time (what one core takes); medians, warm. Limit: the curve operations and AEAD alone, in this run.");
        Console.WriteLine("The columns of peers are constants from another run (one core, 2026-11-22).");
        Console.WriteLine();
        Row("operation", "this", "limit", "this/limit", "mlspp", "OpenMLS", "ts-mls", "target");
        Console.WriteLine(new string('-', Name + 7 * Column));
    }

    /// <summary>A time in milliseconds, where less is better.</summary>
    public static void Time(string name, double milliseconds, double? limit, double? mlspp, double? openMls, double? tsMls, double? target) =>
        Row(name, $"{Number(milliseconds)} ms", limit is { } l ? $"{Number(l)} ms" : "", limit is { } k ? Ratio(milliseconds / k) : "",
            Text(mlspp, " ms"), Text(openMls, " ms"), Text(tsMls, " ms"), target is { } t ? $"{Verdict(milliseconds <= t)} <={Number(t)}" : "");

    /// <summary>A rate per second, where more is better.</summary>
    public static void Rate(string name, double perSecond, double? limit, double? mlspp, double? openMls, double? tsMls, double? target) =>
        Row(name, $"{Number(perSecond)} /s", limit is { } l ? $"{Number(l)} /s" : "", limit is { } k ? Ratio(k / perSecond) : "",
            Text(mlspp, " /s"), Text(openMls, " /s"), Text(tsMls, " /s"), target is { } t ? $"{Verdict(perSecond >= t)} >={Number(t)}" : "");

    /// <summary>A size in bytes, where less is better.</summary>
    public static void Size(string name, long bytes, double? tsMls, double? target) =>
        Row(name, $"{Number(bytes)} B", "", "", "-", "-", Text(tsMls, " B"), target is { } t ? $"{Verdict(bytes <= t)} <={Number(t)}" : "");

    public static void Footer() => Console.WriteLine();

    static void Row(string name, params string[] columns) =>
        Console.WriteLine(name.PadRight(Name) + string.Concat(columns.Select(column => column.PadLeft(Column))));

    static string Verdict(bool good) => good ? "ok" : "MISS";

    static string Ratio(double ratio) => ratio.ToString("0.0", CultureInfo.InvariantCulture) + "x";

    static string Text(double? value, string unit) => value is { } v ? Number(v) + unit : "-";

    static string Number(double value) => value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "#,0", CultureInfo.InvariantCulture);
}
