using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>Somebody to whom a report goes, as this device has checked.</summary>
/// <param name="Contact">Who; <see cref="Client.Contact.Trust"/> says how far their key is known to be theirs.</param>
/// <param name="Rank"><c>moderator</c>, <c>admin</c> or <c>owner</c>.</param>
/// <param name="Since">Since when they have it, to the minute, by the audit log.</param>
/// <param name="GivenBy">Whose act it was, a handle; <c>null</c> where they came with the rank, or that account is gone.</param>
public sealed record Moderator(Contact Contact, string Rank, DateTimeOffset Since, string? GivenBy);

/// <summary>
/// Those to whom a report would go, to be shown before it is sent: it goes to exactly these, and to nobody who is in the reported messages as their writer. The server names them; each is held against their own
/// account key, and against the audit log that every member reads (docs/PROTOCOL.md §13.2).
/// </summary>
public sealed class Moderators
{
    readonly Dictionary<Id, byte[]> _keys;

    Moderators(IReadOnlyList<Moderator> all, IReadOnlyList<Contact> changed, bool isLogWhole, Dictionary<Id, byte[]> keys) => (All, Changed, IsLogWhole, _keys) = (all, changed, isLogWhole, keys);

    /// <summary>Whom it goes to.</summary>
    public IReadOnlyList<Moderator> All { get; }

    /// <summary>Those it does not go to, since their key is another one than this device knew and was not accepted.</summary>
    public IReadOnlyList<Contact> Changed { get; }

    /// <summary>Whether the log that names them is the one that this device saw before, with what came since.</summary>
    public bool IsLogWhole { get; }

    /// <summary>The same without those who wrote what is reported.</summary>
    internal IEnumerable<(Id Account, byte[] Key)> But(IReadOnlySet<Id> writers) =>
        All.Where(moderator => !writers.Contains(moderator.Contact.Account)).Select(moderator => (moderator.Contact.Account, _keys[moderator.Contact.Account]));

    /// <exception cref="KavalekException"><see cref="ClientErrors.ServerMisbehaves"/>: the server names somebody whom its log does not, or a key that is not theirs.</exception>
    internal static async Task<Moderators> FindAsync(ClientCore core, CancellationToken cancel)
    {
        ModeratorRecord[] named = await core.Auth.ModeratorsAsync(cancel).ConfigureAwait(false);
        if (named.Length > Limits.Moderators || named.DistinctBy(one => one.Account).Count() != named.Length) throw ServerErrors.Misbehaves("names too many moderators, or one twice");
        AuditTrail trail = await core.Audit.ReadAsync(int.MaxValue, cancel).ConfigureAwait(false);
        Dictionary<Id, AuditRecord> ranked = Ranked(trail);
        List<Moderator> all = [];
        List<Contact> changed = [];
        Dictionary<Id, byte[]> keys = [];
        foreach (ModeratorRecord one in named)
        {
            // A server can name whom it likes, but not without a record that all members see.
            if (!ranked.TryGetValue(one.Account, out AuditRecord? act) || RankIn(act) != one.Rank) throw ServerErrors.Misbehaves("names somebody as a moderator of whom its audit log does not say so");
            Contact contact;
            if (one.Account == core.Identity.Account) contact = new Contact(one.Account, core.Profile.Data.Handle, core.Identity.PublicAccountKey, static () => throw new InvalidOperationException("the own account has no safety number")) { DisplayName = core.DisplayName, Trust = Trust.Verified };
            else
            {
                try
                {
                    contact = (await core.People.RefreshAsync(one.Account, cancel).ConfigureAwait(false)).Contact;
                }
                catch (KavalekException e) when (e.Code == ClientErrors.KeyChanged && core.People.Find(one.Account) is { } other)
                {
                    changed.Add(other);
                    continue;
                }
            }
            byte[] statement = new ReportKeyStatement(core.Identity.Instance, one.Account, one.Key).SignedBytes();
            if (one.Key.Length != Limits.ReportKeyBytes || !await core.Mls.Crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, contact.AccountKey, statement, one.Signature).ConfigureAwait(false))
                throw ServerErrors.Misbehaves("shows a key for reports that its owner did not sign");
            keys[one.Account] = one.Key;
            all.Add(new Moderator(contact, one.Rank, DateTimeOffset.FromUnixTimeSeconds(act.At), act.Actor == one.Account ? null : act.ActorHandle));
        }
        return new Moderators(all, changed, trail.IsWhole, keys);
    }

    // The newest act that gave or took each account's rank.
    static Dictionary<Id, AuditRecord> Ranked(AuditTrail trail)
    {
        Dictionary<Id, AuditRecord> newest = [];
        foreach (AuditRecord record in trail.Records)
            if (record.Subject is { } subject && (record.Act is "rank" or "joined" or "off-boarded")) newest.TryAdd(subject, record);
        return newest;
    }

    static string? RankIn(AuditRecord record) => record.Act == "off-boarded" ? null : record.Detail.Split(' ')[0];
}
