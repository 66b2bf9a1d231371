using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>How long to wait before the next try: twice as long each time, up to a minute, and never exactly, so that clients of a restarted server do not come all at once.</summary>
sealed class BackOff(ICryptoProvider crypto)
{
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    int _failures;

    /// <summary>The next pause: between half of its nominal length and all of it, and no shorter than the server asked for.</summary>
    public TimeSpan Next(TimeSpan? atLeast = null)
    {
        TimeSpan nominal = First * (1 << Math.Min(_failures, 7));
        _failures = Math.Min(_failures + 1, 7);
        if (nominal > Longest) nominal = Longest;
        TimeSpan pause = nominal * (crypto.Between(500, 1001) / 1000.0);
        return atLeast is { } least && least > pause ? least : pause;
    }

    /// <summary>It worked: begin anew.</summary>
    public void Reset() => _failures = 0;
}
