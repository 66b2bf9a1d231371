using Kavalek.Mls;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>Three members of each implementation.</summary>
sealed class Cast : IAsyncDisposable
{
    readonly TsMlsProcess _process = TsMlsProcess.Start();

    /// <summary>Every suite that both have, by its number.</summary>
    public static TheoryData<ushort> Suites => [.. CipherSuite.Known.Where(NativeCryptoProvider.Shared.Supports).Select(suite => suite.Id)];

    public List<OurMember> Ours { get; } = [];

    public List<TheirMember> Theirs { get; } = [];

    public static async Task<Cast> MakeAsync(ushort suite)
    {
        Cast cast = new();
        CipherSuite chosen = CipherSuite.Find(suite)!;
        try
        {
            foreach (string name in (string[])["marie", "omar", "olga"]) cast.Ours.Add(await OurMember.MakeAsync(name, chosen));
            foreach (string name in (string[])["tess", "tim", "tara"]) cast.Theirs.Add(await TheirMember.MakeAsync(name, chosen, cast._process));
            return cast;
        }
        catch
        {
            await cast.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
