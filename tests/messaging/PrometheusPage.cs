using System.Globalization;
using System.Text.RegularExpressions;

namespace Kavalek.Messaging.Tests;

/// <summary>Reads what Prometheus reads, as strictly as its text format 0.0.4 is written, and a little more: no labels but the classes of a histogram.</summary>
static partial class PrometheusPage
{
    /// <summary>Each sample's value by its name; of histograms the sum and the count.</summary>
    public static Dictionary<string, double> Read(string page)
    {
        Assert.EndsWith("\n", page, StringComparison.Ordinal);
        Dictionary<string, double> samples = [];
        string name = "", type = "", helped = "";
        double below = -1, bound = double.NegativeInfinity;
        foreach (string line in page.TrimEnd('\n').Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                helped = help.Groups[1].Value;
                continue;
            }
            if (Type().Match(line) is { Success: true } typed)
            {
                (name, type) = (typed.Groups[1].Value, typed.Groups[2].Value);
                Assert.Equal(helped, name);
                (below, bound) = (-1, double.NegativeInfinity);
                continue;
            }
            Match sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            double value = double.Parse(sample.Groups[3].Value, NumberStyles.Float, CultureInfo.InvariantCulture);
            Assert.True(value >= 0, line);
            if (sample.Groups[2].Success)
            {
                double next = sample.Groups[2].Value == "+Inf" ? double.PositiveInfinity : double.Parse(sample.Groups[2].Value, CultureInfo.InvariantCulture);
                Assert.True(type == "histogram" && sample.Groups[1].Value == $"{name}_bucket" && next > bound && value >= below, line);
                (below, bound) = (value, next);
                continue;
            }
            Assert.Contains(sample.Groups[1].Value, type == "histogram" ? [$"{name}_sum", $"{name}_count"] : (string[])[name]);
            // The last class holds all.
            if (sample.Groups[1].Value == $"{name}_count") Assert.True(value == below && double.IsPositiveInfinity(bound), line);
            samples.Add(sample.Groups[1].Value, value);
        }
        return samples;
    }

    [GeneratedRegex("^# HELP ([a-z_]+) [A-Z][^\\\\]+\\.$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-z_]+) (counter|gauge|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex("""^([a-z_]+)(?:\{le="([0-9.]+|\+Inf)"\})? ([0-9.E+-]+)$""")]
    private static partial Regex Sample();
}
