using System.Collections.Immutable;
using System.Globalization;

namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    const string EpochKey = "epoch";
    const string ProposalPrefix = "proposal/";
    const string PastPrefix = "past/";
    const string SecretPrefix = "key/";

    /// <summary>What to write so that the store holds this group after it held <paramref name="since"/>; everything where that is <c>null</c>.</summary>
    /// <param name="since">An earlier state of the same group, the last one stored.</param>
    /// <remarks>A message sent or received is some 100 bytes, and 700 more at the first of a sender among 1,000; a commit is the epoch and a path.</remarks>
    public IReadOnlyList<StateRecord> Changes(MlsGroup? since)
    {
        List<StateRecord> changes = [];
        if (!ReferenceEquals(_epoch, since?._epoch))
        {
            changes.Add(new(EpochKey, EpochRecord.Encode(_epoch)));
            changes.AddRange(TreeRecords.Changes(_epoch.Tree, since?._epoch.Tree));
        }
        AddProposals(changes, since);
        AddPast(changes, since);
        AddKeys(changes, since);
        return changes;
    }

    void AddProposals(List<StateRecord> changes, MlsGroup? since)
    {
        ImmutableList<QueuedProposal> before = since?._proposals ?? [];
        // Within an epoch they only become more: where the last one known is at its place, so are those before it.
        int known = before.Count;
        int same = known > 0 && known <= _proposals.Count && ReferenceEquals(before[known - 1], _proposals[known - 1]) ? known : 0;
        for (int i = same; i < Math.Max(known, _proposals.Count); i++)
        {
            changes.Add(new(Name(ProposalPrefix, (ulong)i), i < _proposals.Count ? Encode(_proposals[i]) : null));
        }
    }

    void AddPast(List<StateRecord> changes, MlsGroup? since)
    {
        Dictionary<ulong, PastEpoch> before = since?._past.ToDictionary(past => past.Messages.Epoch) ?? [];
        foreach (PastEpoch past in _past)
            if (!before.Remove(past.Messages.Epoch, out PastEpoch? same) || !ReferenceEquals(same.Resumption, past.Resumption))
                changes.Add(new(Name(PastPrefix, past.Messages.Epoch), past.Encode()));
        foreach (ulong gone in before.Keys) changes.Add(new(Name(PastPrefix, gone), null));
    }

    void AddKeys(List<StateRecord> changes, MlsGroup? since)
    {
        Dictionary<ulong, SecretTree> before = since?.SecretTrees.ToDictionary(tree => tree.Epoch, tree => tree.Keys) ?? [];
        foreach ((ulong epoch, SecretTree keys) in SecretTrees)
        {
            if (!before.Remove(epoch, out SecretTree? old)) Add(changes, epoch, keys.Records(), delete: false);
            else if (!ReferenceEquals(old, keys)) Add(changes, epoch, keys.ChangesSince(old), delete: false);
        }
        foreach ((ulong epoch, SecretTree gone) in before) Add(changes, epoch, gone.Records(), delete: true);

        static void Add(List<StateRecord> changes, ulong epoch, IEnumerable<SecretTreeRecord> records, bool delete)
        {
            foreach (SecretTreeRecord record in records)
            {
                changes.Add(new(Name(SecretPrefix, epoch) + "/" + Convert.ToHexStringLower(record.Key.Encode()), delete ? null : record.Value?.Span.ToArray()));
                record.Value?.Dispose();
            }
        }
    }

    /// <summary>The group whose records were stored.</summary>
    /// <param name="environment">Primitives, authentication service, limits and rules: the same as before, since they are not stored.</param>
    /// <param name="records">All records of the group, in any order.</param>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidState"/>: records are missing or do not decode.</exception>
    public static MlsGroup Load(MlsEnvironment environment, IEnumerable<StateRecord> records)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(records);
        try
        {
            return LoadRecords(environment, records);
        }
        catch (MlsException damage) when (damage.Error != MlsError.InvalidState)
        {
            throw new MlsException(MlsError.InvalidState, damage.Section, damage.Message);
        }
        catch (Exception damage) when (damage is ArgumentException or OverflowException)
        {
            // A number that no group could have written: a date, an index, a count of leaves.
            throw new MlsException(MlsError.InvalidState, "8", damage.Message);
        }
    }

    static MlsGroup LoadRecords(MlsEnvironment environment, IEnumerable<StateRecord> records)
    {
        byte[]? stored = null;
        List<StateRecord> tree = [];
        SortedDictionary<ulong, byte[]> proposals = [], past = [];
        Dictionary<ulong, List<SecretTreeRecord>> keys = [];
        foreach (StateRecord record in records)
        {
            if (record.Value is not { } value) continue;
            if (record.Key == EpochKey) stored = value;
            else if (record.Key.StartsWith(TreeRecords.Prefix, StringComparison.Ordinal)) tree.Add(record);
            else if (record.Key.StartsWith(ProposalPrefix, StringComparison.Ordinal)) proposals[Number(record.Key[ProposalPrefix.Length..])] = value;
            else if (record.Key.StartsWith(PastPrefix, StringComparison.Ordinal)) past[Number(record.Key[PastPrefix.Length..])] = value;
            else if (record.Key.StartsWith(SecretPrefix, StringComparison.Ordinal)) AddKey(keys, record.Key, value);
            else throw Damaged("an unknown record");
        }
        if (stored is null) throw Damaged("no epoch");

        CipherSuite suite = CipherSuite.Find(EpochRecord.SuiteId(stored)) ?? throw Damaged("unknown cipher suite");
        SuiteCrypto crypto = new(suite, environment.Crypto);
        EpochState epoch = EpochRecord.Decode(crypto, stored, size => TreeRecords.Load(crypto, null, size, tree));
        SecretTree KeysOf(ulong number, uint leaves) =>
            keys.TryGetValue(number, out List<SecretTreeRecord>? found) ? SecretTree.Restore(crypto, leaves, found) : throw Damaged("no message keys");

        ImmutableList<PastEpoch> ended = [];
        PersistentArray<LeafNode> roster = epoch.Tree.LeafNodes;
        foreach (byte[] record in past.Reverse().Select(entry => entry.Value))
        {
            PastEpoch decoded = PastEpoch.Decode(crypto, record, roster, epoch.Context.GroupId, KeysOf);
            ended = ended.Add(decoded);
            roster = decoded.Messages.Roster;
        }
        ImmutableList<QueuedProposal> waiting = [];
        long size = 0;
        foreach (byte[] value in proposals.Values) waiting = waiting.Add(TlsReader.ReadAll(value, QueuedProposal.Read) with { SizeUpTo = size += value.Length });
        MlsGroup group = new(environment, epoch, KeysOf(epoch.Context.Epoch, epoch.Tree.Size), waiting, ended);
        foreach (SecretTreeRecord secret in keys.Values.SelectMany(list => list)) secret.Value?.Dispose();
        return group;
    }

    static void AddKey(Dictionary<ulong, List<SecretTreeRecord>> keys, string name, byte[] value)
    {
        string[] parts = name.Split('/');
        if (parts.Length != 3 || parts[2].Length != 2 * SecretTreeKey.EncodedLength || !parts[2].All(char.IsAsciiHexDigit)) throw Damaged("name of a message key");
        ulong epoch = Number(parts[1]);
        if (!keys.TryGetValue(epoch, out List<SecretTreeRecord>? list)) keys[epoch] = list = [];
        list.Add(new(SecretTreeKey.Decode(Convert.FromHexString(parts[2])), Secret.Copy(value)));
    }

    static byte[] Encode(QueuedProposal proposal)
    {
        using TlsWriter writer = new(1024);
        proposal.Write(writer);
        return writer.ToArray();
    }

    static string Name(string prefix, ulong number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{number:x}");

    static ulong Number(string text) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number) ? number : throw Damaged("name of a record");

    static MlsException Damaged(string what) => new(MlsError.InvalidState, "8", what);
}
