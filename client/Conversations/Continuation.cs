using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Whether a new group carries a conversation on that this device is in (docs/PROTOCOL.md §7.11): who began it could have brought the same about by
/// commits, had all been able to follow them. Nothing in it is believed because the server delivered it.
/// </summary>
static class Continuation
{
    /// <summary>The rule that the new group breaks; <c>null</c> where it carries the conversation on.</summary>
    /// <param name="before">The conversation as this device has it.</param>
    /// <param name="newest">When the newest of its groups was created.</param>
    /// <param name="begunBy">Who began the new group.</param>
    /// <param name="after">What its members agree on.</param>
    /// <param name="members">Its members.</param>
    public static string? Breach(ConversationView before, ulong newest, MemberDevice begunBy, ConversationExtension after, IReadOnlyList<MemberDevice> members)
    {
        if (before.Kind != ConversationKind.Group || after.Kind != ConversationKind.Group) return "not a group";
        if (before.State is not (ConversationState.Active or ConversationState.Request)) return "a conversation that is over here";
        if (after.Created <= newest) return "older than what it carries on";
        if (!before.Devices.Any(d => d.SameAccount(begunBy))) return "begun by somebody who was not in it";
        Role role = before.Roles.GetValueOrDefault(begunBy.Account, Role.Member);
        Dictionary<Id, MemberDevice> old = before.Devices.DistinctBy(d => d.Account).ToDictionary(d => d.Account);
        HashSet<Id> staying = [.. members.Select(m => m.Account)];
        foreach (MemberDevice member in members)
        {
            if (!old.TryGetValue(member.Account, out MemberDevice? known))
            {
                if (role < Role.Admin) return "addition without the right";
                if (before.Gone.Contains(member.Account)) return "brings back who was removed";
            }
            else if (!known.SameAccount(member)) return "an account under another key";
        }
        foreach (Id gone in old.Keys.Where(account => !staying.Contains(account)))
            if (role < Role.Admin || (role < Role.Owner && before.Roles.GetValueOrDefault(gone, Role.Member) > Role.Member)) return "removal without the right";
        if (after.Title != before.Title && role < Role.Admin) return "renamed without the right";
        if (after.Timer != before.Timer && role < Role.Admin) return "timer set without the right";
        if (role == Role.Owner) return null;
        Dictionary<Id, Role> kept = before.Roles.Where(entry => staying.Contains(entry.Key)).ToDictionary();
        return kept.Count == after.Roles.Count && kept.All(entry => after.Roles.TryGetValue(entry.Key, out Role now) && now == entry.Value) ? null : "roles changed without the right";
    }

    /// <summary>
    /// Whether a new group holds somebody whom this device saw leave or be removed, and not come back. Its maker's right to add proves nothing here: a server can keep the
    /// removal from an admin's device and then say that it has forgotten the group, and that device begins it afresh by itself with whoever it still knows.
    /// </summary>
    public static bool BringsBack(ConversationView before, IReadOnlyList<MemberDevice> members) =>
        members.Any(member => before.Gone.Contains(member.Account) && before.Devices.All(device => device.Account != member.Account));
}
