using System.Text.Json;

namespace Kavalek.Browser.Tests;

/// <summary>The tests of tests/mls and of stores, run inside the browser.</summary>
public sealed class InsideTests(Site site) : IClassFixture<Site>
{
    [Theory]
    [InlineData("HpkeTests", 3)]
    [InlineData("HpkePqTests", 4)]
    [InlineData("CryptoBasicsTests", 3)]
    [InlineData("KeyScheduleTests", 5)]
    [InlineData("SecretTreeTests", 10)]
    [InlineData("MessageVectorTests", 3)]
    [InlineData("TreeVectorTests", 4)]
    [InlineData("PassiveClientTests", 2)]
    [InlineData("WycheproofTests", 5)]
    [InlineData("EcdsaSignatureTests", 2)]
    [InlineData("IndexedDbStoreTests", 9)]
    [InlineData("SealedIndexedDbStoreTests", 7)]
    public async Task What_passes_natively_passes_in_the_browser(string type, int tests)
    {
        BrowserContext context = await site.Chromium.ContextAsync();
        Tab tab = await context.OpenAsync(new Uri(site.Server.Options.Origin!));
        JsonElement results = await tab.EvaluateAsync($"inside({{ types: ['{type}'] }})");
        string failures = string.Join('\n', results.EnumerateArray().Where(r => r.GetProperty("failure").ValueKind != JsonValueKind.Null)
            .Select(r => $"{r.GetProperty("name")}: {r.GetProperty("failure")}"));
        Assert.True(failures.Length == 0, failures);
        Assert.True(results.GetArrayLength() >= tests, $"{results.GetArrayLength()} tests ran");
        Assert.Empty(tab.Complaints);
        await tab.CloseAsync();
    }
}
