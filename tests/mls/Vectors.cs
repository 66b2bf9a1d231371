using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>The published test vectors: in <c>$KAVALEK_VECTORS</c>, or in <c>../shared/vectors</c> beside the repository.</summary>
static class Vectors
{
    static readonly string? Folder = Find();

    /// <summary>The top-level array or object of <paramref name="file"/>, for instance <c>mls/tree-math.json</c>.</summary>
    /// <remarks>Without the vectors a test is skipped with a reason; in continuous integration it fails.</remarks>
    public static JsonElement Load(string file)
    {
        if (Folder is null)
        {
            const string Reason = "no test vectors: set KAVALEK_VECTORS to their folder, or put them into ../shared/vectors";
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(Reason);
            Assert.Skip(Reason);
        }
        using FileStream stream = File.OpenRead(Path.Combine(Folder, file));
        return JsonDocument.Parse(stream).RootElement;
    }

    /// <summary>The cases of an MLS vector file.</summary>
    public static JsonElement.ArrayEnumerator Mls(string name) => Load($"mls/{name}.json").EnumerateArray();

    /// <summary>Each test of a Wycheproof file with its group.</summary>
    public static IEnumerable<(JsonElement Group, JsonElement Test)> Wycheproof(string name) =>
        from @group in Load($"wycheproof/{name}.json").GetProperty("testGroups").EnumerateArray()
        from test in @group.GetProperty("tests").EnumerateArray()
        select (@group, test);

    public static byte[] Hex(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));

    public static Secret Secret(this JsonElement element, string name) => Kavalek.Mls.Secret.Own(element.Hex(name));

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static int Int(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    public static uint UInt(this JsonElement element, string name) => element.GetProperty(name).GetUInt32();

    static string? Find()
    {
        if (Environment.GetEnvironmentVariable("KAVALEK_VECTORS") is { Length: > 0 } set) return set;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Kavalek.slnx"))) continue;
            for (DirectoryInfo? above = folder.Parent; above is not null; above = above.Parent)
            {
                string vectors = Path.Combine(above.FullName, "shared", "vectors");
                if (Directory.Exists(vectors)) return vectors;
            }
        }
        return null;
    }
}
