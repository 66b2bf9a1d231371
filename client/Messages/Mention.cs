using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>A part of a text that stands for somebody; what is shown there is what the reader knows them as.</summary>
/// <param name="Account">Who.</param>
/// <param name="Start">Where it begins, in UTF-16 units.</param>
/// <param name="Length">How long it is, at least 1.</param>
public sealed record Mention(Id Account, int Start, int Length)
{
    /// <summary>Mentions of a text, at most.</summary>
    public const int Most = 64;

    /// <summary>Whether mentions stand inside a text, in their order, none over another, and none through the middle of a character (docs/PROTOCOL.md §7.15).</summary>
    internal static bool AreIn(string text, IReadOnlyCollection<Contents.Mention> mentions)
    {
        if (mentions.Count > Most) return false;
        long at = 0;
        foreach (Contents.Mention mention in mentions)
        {
            long end = (long)mention.Start + mention.Length;
            if (mention.Account.Length != Limits.IdLength || mention.Length == 0 || mention.Start < at || end > text.Length || Splits(text, (int)mention.Start) || Splits(text, (int)end)) return false;
            at = end;
        }
        return true;
    }

    /// <summary>As it is written on the wire.</summary>
    internal static IEnumerable<Contents.Mention> Write(IEnumerable<Mention> mentions) =>
        mentions.Select(mention => new Contents.Mention { Account = Step.Bytes(mention.Account), Start = (uint)Math.Max(0, mention.Start), Length = (uint)Math.Max(0, mention.Length) });

    /// <summary>As it was read from the wire, once it was checked.</summary>
    internal static IReadOnlyList<Mention> Read(IReadOnlyCollection<Contents.Mention> mentions) =>
        mentions.Count == 0 ? [] : [.. mentions.Select(mention => new Mention(Id.Read(mention.Account.Span), (int)mention.Start, (int)mention.Length))];

    static bool Splits(string text, int at) => at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) && char.IsHighSurrogate(text[at - 1]);
}
