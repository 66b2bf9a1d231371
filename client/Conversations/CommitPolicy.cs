using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Who may commit what (docs/PROTOCOL.md §7.2). Every member applies it to every commit before it takes the new epoch; since all
/// decide from the same facts, all decide the same.
/// </summary>
internal static class CommitPolicy
{
    /// <summary>The rule a commit breaks, in a few English words for logs; <c>null</c> where it is allowed.</summary>
    public static string? Breach(CommitFacts facts)
    {
        if (facts.IsForeign) return "something conversations have no use for";
        ConversationExtension before, after;
        try
        {
            before = Read(facts.ExtensionsBefore);
            after = Read(facts.ExtensionsAfter);
        }
        catch (FormatException e)
        {
            return e.Message;
        }
        Role role = before.RoleOf(facts.Committer.Account);
        return Renewals(facts)
            ?? Removals(facts, before, role)
            ?? Additions(facts, before, role)
            ?? Agreement(facts, before, after, role)
            ?? Standing(after, [.. facts.After]);
    }

    /// <summary>The rule that a group breaks by being as it is, whoever made it so: what a joiner checks. <c>null</c> where all hold.</summary>
    public static string? Standing(ConversationExtension extension, IReadOnlyList<MemberDevice> members)
    {
        Dictionary<Id, MemberDevice> accounts = [];
        HashSet<Id> devices = [];
        foreach (MemberDevice member in members)
        {
            if (!devices.Add(member.Device)) return "one device at two leaves";
            if (!accounts.TryAdd(member.Account, member) && !accounts[member.Account].SameAccount(member)) return "one account under two keys";
        }
        if (members.Count > Limits.StreamDevices) return "too many devices";
        if (extension.Roles.Keys.Any(account => !accounts.ContainsKey(account))) return "a role of somebody who is not in the group";
        if (extension.Kind == ConversationKind.Direct)
            return accounts.Count > 2 ? "a direct conversation of more than two" : extension.Roles.Count > 0 ? "roles in a direct conversation" : null;
        return extension.Roles.Values.Contains(Role.Owner) ? null : "a group without an owner";
    }

    /// <summary>The conversation extension of a GroupContext that holds nothing but it and the required capabilities.</summary>
    /// <exception cref="FormatException">Anything else is there, or one of them is missing or malformed.</exception>
    public static ConversationExtension Read(IReadOnlyList<Extension> extensions)
    {
        if (extensions.Any(e => e.Type is not (ConversationExtension.Type or Extension.RequiredCapabilities)))
            throw new FormatException("a foreign extension in the group");
        if (extensions.Find(Extension.RequiredCapabilities) is not { } required || !required.AsSpan().SequenceEqual(RequiredCapabilities))
            throw new FormatException("required capabilities");
        return ConversationExtension.Decode(extensions.Find(ConversationExtension.Type) ?? throw new FormatException("no conversation extension"));
    }

    /// <summary>The GroupContext's extensions of a conversation.</summary>
    public static IReadOnlyList<Extension> Write(ConversationExtension extension) =>
        [new(Extension.RequiredCapabilities, RequiredCapabilities), new(ConversationExtension.Type, extension.Encode())];

    // RFC 9420 §11.1: extension_types<V> = [0xF0CA], proposal_types<V> = [], credential_types<V> = [basic].
    static byte[] RequiredCapabilities { get; } =
        [2, ConversationExtension.Type >> 8, ConversationExtension.Type & 0xff, 0, 2, 0, (byte)Credential.BasicType];

    static string? Renewals(CommitFacts facts)
    {
        foreach (RenewedDevice renewed in facts.Renewed)
        {
            if (renewed.Before.Leaf != facts.Committer.Leaf) return "somebody else's leaf renewed";
            // Another account key is for the committer to take its account over to; that no other device of it stays behind, Standing sees to.
            if (renewed.After.Account != renewed.Before.Account || !renewed.After.SameDevice(renewed.Before)) return "a leaf given to another device";
            if (renewed.After.Created < renewed.Before.Created) return "an older certificate";
        }
        return null;
    }

    static string? Removals(CommitFacts facts, ConversationExtension before, Role role)
    {
        HashSet<LeafIndex> removed = [.. facts.Removed.Select(r => r.Device.Leaf)];
        foreach ((MemberDevice device, Id? proposer) in facts.Removed.Select(r => (r.Device, r.Proposer)))
        {
            if (facts.Returns(device)) continue;
            if (device.Account == facts.Committer.Account || device.Account == proposer) continue;
            if (proposer is not null) return "a removal proposed by somebody else";
            if (facts.Before.Any(d => d.Account == device.Account && (!removed.Contains(d.Leaf) || facts.Returns(d)))) return "some devices of another account removed";
            if (before.Kind == ConversationKind.Direct) return "an account removed from a direct conversation";
            if (role < Role.Admin || (role < Role.Owner && before.RoleOf(device.Account) > Role.Member)) return "removal without the right";
        }
        return null;
    }

    static string? Additions(CommitFacts facts, ConversationExtension before, Role role)
    {
        HashSet<LeafIndex> removed = [.. facts.Removed.Select(r => r.Device.Leaf)];
        foreach (MemberDevice added in facts.Added)
        {
            // A device that comes back in its own place stands for itself.
            MemberDevice? known = facts.Before.FirstOrDefault(d => d.Account == added.Account && (!removed.Contains(d.Leaf) || facts.Returns(d)));
            if (known is not null)
            {
                if (!known.SameAccount(added)) return "a device certified by another key";
                continue;
            }
            // The first commit of a direct conversation brings the other account in; it is the only one that may.
            if (before.Kind == ConversationKind.Direct && facts.Epoch > 0) return "an account added to a direct conversation";
            // Whoever begins a group brings the others in; whether it may carry a conversation on, those decide (Continuation).
            if (before.Kind == ConversationKind.Group && facts.Epoch > 0 && role < Role.Admin) return "addition without the right";
        }
        return null;
    }

    static string? Agreement(CommitFacts facts, ConversationExtension before, ConversationExtension after, Role role)
    {
        if (before.Kind != after.Kind || before.Created != after.Created || before.Continues != after.Continues) return "kind or age of the conversation changed";
        if (before.Title != after.Title && role < Role.Admin) return "renamed without the right";
        if (before.Timer != after.Timer && before.Kind == ConversationKind.Group && role < Role.Admin) return "timer set without the right";
        if (Same(before, after) || role == Role.Owner) return null;
        // Who goes loses its role: whoever commits that writes it down, with no right to change any other.
        HashSet<Id> staying = [.. facts.After.Select(d => d.Account)];
        return Same(before.Without(before.Roles.Keys.Where(account => !staying.Contains(account))), after) ? null : "roles changed without the right";
    }

    static bool Same(ConversationExtension one, ConversationExtension other) =>
        one.Roles.Count == other.Roles.Count && one.Roles.All(entry => other.Roles.TryGetValue(entry.Key, out Role role) && role == entry.Value);
}
