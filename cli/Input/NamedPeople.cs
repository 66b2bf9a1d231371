using Kavalek.Client;

namespace Kavalek.Cli.Input;

/// <summary>Finds in a typed text who of a conversation is named in it: a word that is a member's handle behind an @.</summary>
static class NamedPeople
{
    /// <summary>The mentions, in their order, as many as a message can have.</summary>
    public static IReadOnlyList<Mention> In(string text, Conversation conversation)
    {
        if (!text.Contains('@', StringComparison.Ordinal))
            return [];
        Dictionary<string, Protocol.Id> handles = conversation.Members.Where(m => m.Contact.Handle.Length > 0).DistinctBy(m => m.Contact.Handle).ToDictionary(m => m.Contact.Handle, m => m.Contact.Account);
        var mentions = new List<Mention>();
        for (int at = 0; at < text.Length && mentions.Count < Mention.Most; at++)
        {
            if (text[at] != '@' || (at > 0 && IsOfHandle(text[at - 1])))
                continue;
            int end = at + 1;
            while (end < text.Length && IsOfHandle(text[end]))
                end++;
            // A handle may hold dots; one at the end is the sentence's.
            while (end > at + 1 && text[end - 1] == '.')
                end--;
            if (handles.TryGetValue(text[(at + 1)..end], out Protocol.Id account))
                mentions.Add(new Mention(account, at, end - at));
            at = end - 1;
        }
        return mentions;
    }

    static bool IsOfHandle(char c) => c is '_' or '.' or '-' || char.IsAsciiLetterOrDigit(c);
}
