using System.Runtime.InteropServices.JavaScript;
using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>The published test vectors, as the server of the tests hands them out; the same face as in tests/mls.</summary>
static partial class Vectors
{
    public static JsonElement Load(string file) => JsonDocument.Parse(Read(file)).RootElement;

    public static JsonElement.ArrayEnumerator Mls(string name) => Load($"mls/{name}.json").EnumerateArray();

    public static IEnumerable<(JsonElement Group, JsonElement Test)> Wycheproof(string name) =>
        from @group in Load($"wycheproof/{name}.json").GetProperty("testGroups").EnumerateArray()
        from test in @group.GetProperty("tests").EnumerateArray()
        select (@group, test);

    public static byte[] Hex(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));

    public static Secret Secret(this JsonElement element, string name) => Kavalek.Mls.Secret.Own(element.Hex(name));

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static int Int(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    public static uint UInt(this JsonElement element, string name) => element.GetProperty(name).GetUInt32();

    [JSImport("read", "kavalek/tests")]
    private static partial string Read(string file);
}
