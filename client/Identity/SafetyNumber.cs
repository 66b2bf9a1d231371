namespace Kavalek.Client;

/// <summary>What two people compare to know that nobody stands between them (docs/PROTOCOL.md §3.4).</summary>
/// <param name="Digits">60 digits, the same on both sides.</param>
/// <param name="QrText">What the QR code carries: <c>kavalek:v1:…</c>, all of both fingerprints.</param>
public sealed record SafetyNumber(string Digits, string QrText)
{
    /// <summary>The digits as twelve groups of five.</summary>
    public IReadOnlyList<string> Groups => [.. Digits.Chunk(5).Select(group => new string(group))];
}
