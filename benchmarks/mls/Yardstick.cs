using System.Globalization;
using System.Text.RegularExpressions;

namespace Kavalek.Mls.Benchmarks;

/// <summary>What dominates an operation.</summary>
enum Work
{
    Sign,
    Verify,
    Agree,
}

/// <summary>
/// Operations a second by <c>openssl speed</c> on P-256: those of the machine on which mlspp was read, which no package registry has,
/// and those of this run. Their ratio tells what mlspp would take here and now.
/// </summary>
sealed partial record Yardstick(double Sign, double Verify, double Agree)
{
    /// <summary>Where the peers' figures were read (2026-11-22, one core).</summary>
    public static readonly Yardstick There = new(60_700, 19_900, 22_600);

    /// <summary><c>null</c> where there is no openssl command.</summary>
    public static async Task<Yardstick?> MeasureAsync()
    {
        try
        {
            string? output = await Peers.OutputAsync("openssl", "speed", "-seconds", "3", "ecdsap256", "ecdhp256");
            if (output is null) return null;
            Match ecdsa = Ecdsa().Match(output), ecdh = Ecdh().Match(output);
            return new(Number(ecdsa.Groups[1]), Number(ecdsa.Groups[2]), Number(ecdh.Groups[1]));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }

        static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);
    }

    /// <summary>How much slower than there it is here; the geometric mean of before and after.</summary>
    public static double Drift(Yardstick before, Yardstick after, Work work) =>
        There.Of(work) / Math.Sqrt(before.Of(work) * after.Of(work));

    public double Of(Work work) => work switch { Work.Sign => Sign, Work.Verify => Verify, _ => Agree };

    [GeneratedRegex(@"256 bits ecdsa \(nistp256\)\s+\S+s\s+\S+s\s+([\d.]+)\s+([\d.]+)")]
    private static partial Regex Ecdsa();

    [GeneratedRegex(@"256 bits ecdh \(nistp256\)\s+\S+s\s+([\d.]+)")]
    private static partial Regex Ecdh();
}
