using System.Globalization;
using System.Text;
using System.Text.Json;
using Kavalek.Cli.Text;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Output;

/// <summary>What was done to a message, in words and as JSON: reactions, edits, deletions, and whom it names.</summary>
static class ActWords
{
    /// <summary>A text with everybody named in it as this account knows them, whatever its writer wrote there.</summary>
    public static string Named(TextBody body, Func<Id, string> name)
    {
        if (body.Mentions.Count == 0)
            return body.Text;
        var text = new StringBuilder();
        int at = 0;
        foreach (Mention mention in body.Mentions)
        {
            string who = SafeText.Line(name(mention.Account));
            text.Append(body.Text, at, mention.Start - at).Append(who.StartsWith('@') ? "" : "@").Append(who);
            at = mention.Start + mention.Length;
        }
        return text.Append(body.Text, at, body.Text.Length - at).ToString();
    }

    /// <summary>The line in place of a deleted message.</summary>
    public static string Deleted(DeletedBody body, Id sender, Func<Id, string> name) => body.By == sender
        ? $"{name(sender)} deleted this message" : $"{name(body.By)} deleted a message of {name(sender)}";

    /// <summary>“edited”, and the reactions with who reacted; empty where there is neither.</summary>
    public static string Of(Message message, Func<Id, string> name)
    {
        var parts = new List<string>();
        if (message.EditedAt is not null)
            parts.Add("edited");
        foreach (IGrouping<string, Reaction> same in message.Reactions.GroupBy(reaction => reaction.Emoji))
            parts.Add($"{same.Key} {string.Join(", ", same.Select(reaction => SafeText.Line(name(reaction.Account))).Take(ShownNames))}"
                + (same.Count() > ShownNames ? $" and {(same.Count() - ShownNames).ToString(CultureInfo.InvariantCulture)} more" : ""));
        return string.Join(" · ", parts);
    }

    const int ShownNames = 5;

    /// <summary>Members of a message's object.</summary>
    public static void Write(Utf8JsonWriter o, Message message)
    {
        if (message.EditedAt is DateTimeOffset edited)
        {
            o.WriteString("editedAt", Describe.Time(edited));
            o.WriteStartArray("formerVersions");
            foreach (MessageVersion version in message.FormerVersions)
            {
                o.WriteStartObject();
                o.WriteString("sentAt", Describe.Time(version.SentAt));
                o.WriteString("text", version.Text);
                o.WriteEndObject();
            }
            o.WriteEndArray();
        }
        if (message.Reactions.Count > 0)
        {
            o.WriteStartArray("reactions");
            foreach (Reaction reaction in message.Reactions)
            {
                o.WriteStartObject();
                o.WriteString("account", reaction.Account.ToString());
                o.WriteString("emoji", reaction.Emoji);
                o.WriteEndObject();
            }
            o.WriteEndArray();
        }
        switch (message.Body)
        {
            case DeletedBody deleted:
                o.WriteString("deletedBy", deleted.By.ToString());
                break;
            case TextBody { Mentions.Count: > 0 } text:
                o.WriteStartArray("mentions");
                foreach (Mention mention in text.Mentions)
                {
                    o.WriteStartObject();
                    o.WriteString("account", mention.Account.ToString());
                    o.WriteNumber("start", mention.Start);
                    o.WriteNumber("length", mention.Length);
                    o.WriteEndObject();
                }
                o.WriteEndArray();
                o.WriteBoolean("mentionsMe", message.MentionsMe);
                break;
        }
    }
}
