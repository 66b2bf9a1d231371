namespace Kavalek.Mls;

/// <summary>What a group that goes on for another must satisfy: re-initialized (RFC 9420 §11.2), or branched (§11.3).</summary>
internal static class Successor
{
    /// <summary>The pre-shared key that says what a Welcome's group goes on for; <c>null</c> where it stands for itself.</summary>
    public static PreSharedKeyId? OriginOf(IReadOnlyList<PreSharedKeyId> psks, MlsRules rules, SuiteCrypto crypto)
    {
        HashSet<string> seen = [];
        PreSharedKeyId? origin = null;
        foreach (PreSharedKeyId id in psks)
        {
            if (id.Nonce.Length != crypto.HashLength || !seen.Add(Convert.ToHexString(id.Encode())))
                throw new MlsException(MlsError.InvalidWelcome, "12.4.3.1", "pre-shared keys");
            if (id.IsExternal || id.Usage == ResumptionUsage.Application)
            {
                MlsRules.Require(rules.PreSharedKeys, "12.4.3.1", "pre-shared keys");
                continue;
            }
            // "If a PreSharedKeyID has type resumption with usage reinit or branch, verify that it is the only such PSK." (§12.4.3.1)
            if (origin is not null) throw new MlsException(MlsError.InvalidWelcome, "12.4.3.1", "a group that goes on for two others");
            origin = id;
        }
        if (origin is not null)
            MlsRules.Require(origin.Usage == ResumptionUsage.ReInit ? rules.ReInit : rules.Branching, origin.Usage == ResumptionUsage.ReInit ? "11.2" : "11.3", "such a group");
        return origin;
    }

    /// <summary>Whether the group of a Welcome may go on for <paramref name="old"/>.</summary>
    /// <param name="group">The new group.</param>
    /// <param name="environment">Says who is whose successor.</param>
    /// <param name="old">The group that its pre-shared key is of.</param>
    /// <param name="origin">That pre-shared key's name.</param>
    public static void Check(PublicEpoch group, MlsEnvironment environment, MlsGroup old, PreSharedKeyId origin)
    {
        bool isReInit = origin.Usage == ResumptionUsage.ReInit;
        string section = isReInit ? "11.2" : "11.3";
        MlsException Wrong(string why) => new(MlsError.InvalidSuccessor, section, why);

        // "The epoch in the Welcome message MUST be 1."
        if (group.Context.Epoch != 1) throw Wrong("not in epoch 1");
        if (isReInit)
        {
            // "The version, cipher_suite, group_id, and extensions fields … MUST be the same as … in the ReInit proposal"; the PSK is of
            // "the epoch after the Commit covering the ReInit".
            if (old.ReInit is not { } asked || origin.Epoch != old.Epoch) throw Wrong("the old group was not ended in that epoch");
            if (!asked.GroupId.AsSpan().SequenceEqual(group.Context.GroupId) || asked.CipherSuite != group.Context.CipherSuite
                || !asked.Extensions.SameAs(group.Context.Extensions))
                throw Wrong("not what the ReInit asked for");
        }
        else if (group.Context.CipherSuite != old.Suite.Id)
        {
            throw Wrong("another cipher suite");
        }

        PersistentArray<LeafNode> before = old.RosterOf(origin.Epoch) ?? throw Wrong("an epoch that is not kept");
        List<LeafNode> members = [.. before.Entries().Select(entry => entry.Value)], now = [.. group.Tree.LeafNodes.Entries().Select(entry => entry.Value)];
        Succession succession = new(environment.Authentication, old.GroupId, group.Context.GroupId);
        if (!now.TrueForAll(leaf => succession.HasPredecessor(leaf, members))) throw Wrong("a member that the old group did not have");
        if (isReInit && !members.TrueForAll(leaf => succession.HasSuccessor(leaf, now))) throw Wrong("without a member of the old group");
    }

    /// <summary>Who was who, by the application's word (§5.3.1); equal credentials first, since that is nearly always the answer.</summary>
    sealed record Succession(IAuthenticationService Authentication, byte[] OldGroup, byte[] NewGroup)
    {
        public bool HasPredecessor(LeafNode leaf, List<LeafNode> before) =>
            before.Exists(old => old.Credential == leaf.Credential && IsSuccessor(old, leaf)) || before.Exists(old => IsSuccessor(old, leaf));

        public bool HasSuccessor(LeafNode leaf, List<LeafNode> now) =>
            now.Exists(next => next.Credential == leaf.Credential && IsSuccessor(leaf, next)) || now.Exists(next => IsSuccessor(leaf, next));

        bool IsSuccessor(LeafNode old, LeafNode next) =>
            Authentication.IsSuccessor(new(old.Credential, old.SignatureKey, OldGroup), new(next.Credential, next.SignatureKey, NewGroup));
    }
}
