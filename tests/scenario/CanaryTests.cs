using System.IO.Compression;
using System.Text;

namespace Kavalek.Scenario.Tests;

/// <summary>The sweep itself: a detector that cannot find anything would pass every time.</summary>
public static class CanaryTests
{
    public static TheoryData<string> Hidings => ["raw", "utf16", "base64", "base64 shifted", "hex", "percent", "gzip"];

    [Theory, MemberData(nameof(Hidings))]
    public static void A_canary_is_found_however_it_hides(string hiding)
    {
        var canary = Canary.In("a test");
        byte[] utf8 = Encoding.UTF8.GetBytes(canary.Text);
        byte[] hidden = hiding switch
        {
            "raw" => utf8,
            "utf16" => Encoding.Unicode.GetBytes(canary.Text),
            "base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(utf8)),
            "base64 shifted" => Encoding.ASCII.GetBytes(Convert.ToBase64String([7, .. utf8, 8, 9])),
            "hex" => Encoding.ASCII.GetBytes(Convert.ToHexString(utf8)),
            "percent" => Encoding.ASCII.GetBytes(string.Concat(utf8.Select(b => $"%{b:X2}"))),
            "gzip" => Gzip(utf8),
            _ => throw new InvalidOperationException(hiding),
        };
        Assert.NotEmpty(canary.FoundIn([1, 2, 3, .. hidden, 4, 5]));
        Assert.Empty(Canary.In("another test").FoundIn([1, 2, 3, .. hidden, 4, 5]));
    }

    static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(plain);
        }
        return packed.ToArray();
    }
}
