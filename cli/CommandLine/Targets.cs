using Kavalek.Cli.Text;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.CommandLine;

/// <summary>Finds whom or what a person means: <c>@handle</c>, a group's title, or the beginning of an id.</summary>
static class Targets
{
    /// <summary>Digits of an id that must be given at least.</summary>
    const int MinimumIdDigits = 4;

    /// <summary>A person by handle: one already known, else the server's directory is asked.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static async Task<Contact> PersonAsync(KavalekClient client, string handle, CancellationToken cancel)
    {
        string bare = Bare(handle);
        if (bare == client.Me.Handle)
            throw new CliException(ExitCode.Usage, $"@{bare} is you.");
        if (Known(client, bare) is Contact known)
            return known;
        try
        {
            return await client.FindAsync(bare, cancel);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            throw new CliException(ExitCode.NotFound, $"There is nobody with the handle @{SafeText.Line(bare)} on this server. Handles are matched exactly; ask for the right spelling.");
        }
    }

    /// <summary>Several people.</summary>
    public static async Task<IReadOnlyList<Contact>> PeopleAsync(KavalekClient client, IEnumerable<string> handles, CancellationToken cancel)
    {
        var people = new List<Contact>();
        foreach (string handle in handles)
        {
            Contact person = await PersonAsync(client, handle, cancel);
            if (people.TrueForAll(p => p.Account != person.Account))
                people.Add(person);
        }
        return people;
    }

    /// <summary>The conversation with a person, or the group.</summary>
    /// <param name="client">The client.</param>
    /// <param name="target">What was typed.</param>
    /// <param name="open">Whether to open a direct conversation that does not exist yet.</param>
    /// <param name="cancel">Ends a look-up.</param>
    /// <exception cref="CliException">There is none, or more than one fits.</exception>
    public static async Task<Conversation> ConversationAsync(KavalekClient client, string target, bool open, CancellationToken cancel)
    {
        if (!target.StartsWith('@') && Existing(client, target) is Conversation existing)
            return existing;
        string bare = Bare(target);
        if (!IsHandle(bare))
            throw NoConversation(target);
        Contact? known = Known(client, bare);
        // A new device keeps old groups of the pair as history: the newest activity stands first.
        Conversation? direct = client.Conversations.FirstOrDefault(c => c.Kind == ConversationKind.Direct
            && (known is not null ? c.Peer?.Account == known.Account : c.Peer?.Handle == bare));
        if (direct is not null && (!open || direct.State is ConversationState.Active or ConversationState.Request))
            return direct;
        if (!open)
            throw NoConversation(target);
        Contact person = await PersonAsync(client, bare, cancel);
        return await client.DirectAsync(person.Account, cancel);
    }

    /// <summary>A group by title or id.</summary>
    /// <exception cref="CliException">There is none, or more than one fits.</exception>
    public static Conversation Group(KavalekClient client, string target)
    {
        Conversation found = Existing(client, target) ?? throw NoConversation(target);
        return found.Kind == ConversationKind.Group ? found
            : throw new CliException(ExitCode.Usage, "That is a conversation of two people, not a group. Make a group with: kavalek groups create TITLE @handle…");
    }

    /// <summary>The one whose id begins with <paramref name="digits"/>.</summary>
    /// <exception cref="CliException">There is none, or more than one fits.</exception>
    public static T ById<T>(IEnumerable<T> all, Func<T, Id> id, string digits, string what)
    {
        if (digits.StartsWith('-'))
            throw new CliException(ExitCode.Usage, $"There is no option '{SafeText.Line(digits)}' here. Nothing was done; see --help.");
        List<T> found = digits.Length >= MinimumIdDigits
            ? [.. all.Where(one => id(one).ToString().StartsWith(digits, StringComparison.OrdinalIgnoreCase))] : [];
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CliException(ExitCode.NotFound, $"There is no {what} whose id begins with '{digits}' (give at least {MinimumIdDigits} digits)."),
            _ => throw new CliException(ExitCode.NotFound, $"More than one {what} has an id that begins with '{digits}'; give more of it."),
        };
    }

    /// <summary>The handle without its @, in lower case.</summary>
    public static string Bare(string handle) => handle.Trim().TrimStart('@').ToLowerInvariant();

    /// <summary>The handle of a person, with an @; their name where the handle is not known.</summary>
    public static string Handle(Contact person) => person.Handle.Length > 0 ? $"@{person.Handle}" : person.Name;

    static Contact? Known(KavalekClient client, string bare) => client.Contacts.FirstOrDefault(c => c.Handle == bare)
        ?? client.Conversations.SelectMany(c => c.Members).FirstOrDefault(m => !m.IsMe && m.Contact.Handle == bare)?.Contact
        ?? client.Conversations.FirstOrDefault(c => c.Peer?.Handle == bare)?.Peer;

    static Conversation? Existing(KavalekClient client, string target)
    {
        List<Conversation> groups = [.. client.Conversations.Where(c => c.Kind == ConversationKind.Group)];
        List<Conversation> fits = [.. groups.Where(c => c.Title == target)];
        if (fits.Count == 0)
            fits = [.. groups.Where(c => string.Equals(c.Title, target, StringComparison.OrdinalIgnoreCase))];
        // Groups one is no longer in keep their title; those in use come first.
        if (fits.Count > 1 && fits.Where(c => c.State is ConversationState.Active or ConversationState.Request).ToList() is { Count: > 0 } current)
            fits = current;
        if (fits.Count == 0 && target.Length >= MinimumIdDigits)
            fits = [.. client.Conversations.Where(c => c.Id.ToString().StartsWith(target, StringComparison.OrdinalIgnoreCase))];
        if (fits.Count <= 1)
            return fits.FirstOrDefault();
        string ids = string.Join(", ", fits.Select(c => c.Id.ToString()[..8]));
        throw new CliException(ExitCode.NotFound, $"More than one conversation fits '{SafeText.Line(target)}'. Give the beginning of its id instead: {ids}");
    }

    /// <summary>Whether a text without its @ can be a handle.</summary>
    public static bool IsHandle(string text) => text.Length is >= 3 and <= 32 && char.IsAsciiLetterLower(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');

    static CliException NoConversation(string target) => new(ExitCode.NotFound,
        $"There is no conversation '{SafeText.Line(target)}' here. 'kavalek conversations' lists them; a new one with a person is opened by 'kavalek chat @handle'.");
}
