using System.Numerics;

namespace Kavalek.Mls;

/// <summary>
/// Which of the proposals of others a commit can hold beside what its committer asks for (RFC 9420 §12.2). Each was valid by itself when
/// it came. One that fits neither the group nor the rest is left out: a member could otherwise keep all others from committing, and with
/// that from writing (§12.4).
/// </summary>
internal sealed class ProposalChoice
{
    readonly EpochState _epoch;
    readonly CommitRequest _request;
    readonly int _mostMembers;
    readonly HashSet<LeafIndex> _gone;

    // What each member who stays will be able to do, and whoever comes.
    readonly Dictionary<LeafIndex, Capabilities> _members = [];
    readonly List<Capabilities> _others = [];
    int _size;

    readonly KeySet _signatureKeys = new(), _encryptionKeys = new();
    readonly HashSet<ushort> _credentialTypes = [], _credentialTypesSomebodyLacks = [];
    GroupRequirements _requirements;

    ProposalChoice(EpochState epoch, MlsLimits limits, CommitRequest request, HashSet<LeafIndex> gone)
    {
        _epoch = epoch;
        _request = request;
        _gone = gone;
        _mostMembers = 1 << BitOperations.Log2((uint)limits.MaxLeaves);
        _requirements = GroupRequirements.Of(request.Extensions ?? epoch.Context.Extensions);
        foreach (Member member in epoch.Tree.Members)
        {
            if (gone.Contains(member.Index)) continue;
            _members.Add(member.Index, member.Leaf.Capabilities);
            Hold(member.Leaf);
        }
        foreach ((_, ParentNode parent) in epoch.Tree.ParentNodes.Entries()) _encryptionKeys.Add(parent.EncryptionKey);
        foreach (KeyPackage added in request.Add)
        {
            _others.Add(added.Leaf.Capabilities);
            Hold(added.Leaf);
        }
        _size = _members.Count + _others.Count;
        // The own leaf is held to the rules as it is and as it will be.
        if (request.OwnLeaf is not { } change) return;
        if (change.Capabilities is { } capabilities) _others.Add(capabilities);
        if (change.Credential is { } credential) _credentialTypes.Add(credential.Type);
        if (change.SignatureKey is { } signatureKey) _signatureKeys.Add(signatureKey.PublicKey);
    }

    /// <summary>Chooses among the proposals that wait.</summary>
    /// <param name="waiting">In the order they came.</param>
    /// <param name="epoch">The epoch they were made in.</param>
    /// <param name="limits">How many leaves there may be.</param>
    /// <param name="request">What is asked for, which stands.</param>
    /// <param name="psks">The pre-shared keys at hand.</param>
    /// <param name="room">How many the commit has room for.</param>
    public static List<QueuedProposal> Among(
        IReadOnlyList<QueuedProposal> waiting, EpochState epoch, MlsLimits limits, CommitRequest request, PskSources psks, int room)
    {
        List<QueuedProposal> chosen = [];
        HashSet<LeafIndex> gone = [.. request.Remove];
        void Take(QueuedProposal queued, Func<bool> fits)
        {
            if (chosen.Count < room && fits()) chosen.Add(queued);
        }

        // A Remove wins over an Update of the same leaf, and of two Updates the later one.
        foreach (QueuedProposal queued in waiting)
            if (queued.Proposal is RemoveProposal remove && remove.Removed != epoch.Own) Take(queued, () => gone.Add(remove.Removed));
        ProposalChoice choice = new(epoch, limits, request, gone);
        bool hasExtensions = request.Extensions is not null;
        foreach (QueuedProposal queued in waiting)
            if (queued.Proposal is GroupContextExtensionsProposal change)
                Take(queued, () => !hasExtensions && (hasExtensions = choice.TakeExtensions(change.Extensions)));
        HashSet<LeafIndex> updated = [];
        foreach (QueuedProposal queued in waiting.Reverse())
            if (queued.Proposal is UpdateProposal update && queued.Sender.Leaf is { } leaf)
                Take(queued, () => !updated.Contains(leaf) && choice.TakeUpdate(leaf, update.Leaf) && updated.Add(leaf));
        HashSet<string> named = [];
        foreach (QueuedProposal queued in waiting)
        {
            Take(queued, () => queued.Proposal switch
            {
                AddProposal add => choice.TakeAdd(add.KeyPackage.Leaf),
                PskProposal psk => psks.Find(psk.Id) is not null && named.Add(Convert.ToHexString(psk.Id.Encode())),
                ApplicationProposal custom => choice._members.Values.All(can => can.SupportsProposal(custom.Type)),
                _ => false,
            });
        }
        return chosen;
    }

    bool TakeExtensions(IReadOnlyList<Extension> extensions)
    {
        GroupRequirements requirements = GroupRequirements.Of(extensions);
        if (!_members.Values.Concat(_others).All(requirements.AreMetBy)) return false;
        _requirements = requirements;
        return true;
    }

    bool TakeUpdate(LeafIndex index, LeafNode leaf)
    {
        if (index == _epoch.Own || _gone.Contains(index) || !_request.Custom.All(custom => leaf.Capabilities.SupportsProposal(custom.Type))) return false;
        if (!TakeLeaf(leaf, _epoch.Tree[index])) return false;
        _members[index] = leaf.Capabilities;
        return true;
    }

    bool TakeAdd(LeafNode leaf)
    {
        if (_size >= _mostMembers || !TakeLeaf(leaf, before: null)) return false;
        _others.Add(leaf.Capabilities);
        _size++;
        return true;
    }

    /// <summary>Whether the group can have the leaf: what §7.3 asks of all leaves together.</summary>
    bool TakeLeaf(LeafNode leaf, LeafNode? before)
    {
        if (!_requirements.AreMetBy(leaf.Capabilities) || !Capabilities.HoldsAll(leaf.Capabilities.Credentials, _credentialTypes)) return false;
        if (_encryptionKeys.Contains(leaf.EncryptionKey)) return false;
        bool keepsSignatureKey = before is not null && before.SignatureKey.AsSpan().SequenceEqual(leaf.SignatureKey);
        if (!keepsSignatureKey && _signatureKeys.Contains(leaf.SignatureKey)) return false;
        if (!IsCredentialOfAll(leaf.Credential.Type)) return false;
        Hold(leaf);
        return true;
    }

    bool IsCredentialOfAll(ushort type)
    {
        if (_credentialTypes.Contains(type)) return true;
        if (_credentialTypesSomebodyLacks.Contains(type)) return false;
        if (_members.Values.Concat(_others).All(can => can.Credentials.Contains(type))) return true;
        _credentialTypesSomebodyLacks.Add(type);
        return false;
    }

    void Hold(LeafNode leaf)
    {
        _signatureKeys.Add(leaf.SignatureKey);
        _encryptionKeys.Add(leaf.EncryptionKey);
        _credentialTypes.Add(leaf.Credential.Type);
    }
}
