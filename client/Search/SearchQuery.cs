using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What is looked for in the messages of this device; it needs no server.</summary>
/// <param name="Text">Words, or their beginnings: a message has all of them, in whatever order. Case, accents and vowel points make no difference.</param>
public sealed record SearchQuery(string Text)
{
    /// <summary>In this conversation alone.</summary>
    public Id? Conversation { get; init; }

    /// <summary>Written by this account alone.</summary>
    public Id? Sender { get; init; }

    /// <summary>Hits of a page, 1 to 200.</summary>
    public int Limit { get; init; } = 20;

    /// <summary>Where the page before ended: its <see cref="SearchPage.Next"/>.</summary>
    public string? After { get; init; }
}

/// <summary>Some messages that have what was looked for, the newest first.</summary>
/// <param name="Hits">The messages.</param>
/// <param name="Next">Where the next page begins; <c>null</c> where this is the last.</param>
public sealed record SearchPage(IReadOnlyList<SearchHit> Hits, string? Next);

/// <summary>A message that has what was looked for.</summary>
/// <param name="Message">The message.</param>
/// <param name="Excerpt">The part of its text around the first match, on one line, with … where something was left out.</param>
/// <param name="Marks">What of the excerpt matches.</param>
public sealed record SearchHit(Message Message, string Excerpt, IReadOnlyList<TextMark> Marks);

/// <summary>A part of a text, in UTF-16 units.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">How long it is.</param>
public readonly record struct TextMark(int Start, int Length);
