namespace Kavalek.Mls;

public sealed partial class MlsGroup
{
    /// <summary>
    /// Founds the group that a ReInit has ended this one for (§11.2): any member may, once; the delivery service decides between two.
    /// Who joins needs this group too: <see cref="JoinOptions.Groups"/>.
    /// </summary>
    /// <param name="own">Fresh keys and the own leaf, of the new group's cipher suite.</param>
    /// <param name="others">Key packages of all other members of this group, of the new group's cipher suite.</param>
    /// <param name="now">The time that their lifetimes are held against.</param>
    /// <exception cref="InvalidOperationException">This group was not ended: see <see cref="ReInit"/>.</exception>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidSuccessor"/>: somebody is missing, or was no member.</exception>
    public ValueTask<FoundedGroup> ReInitializeAsync(KeyPackageBundle own, IReadOnlyList<KeyPackage> others, DateTimeOffset now)
    {
        ReInit asked = ReInit ?? throw new InvalidOperationException("the group was not ended by a ReInit");
        return FoundAsync(ResumptionUsage.ReInit, asked.GroupId, own, others, asked.Extensions, now);
    }

    /// <summary>
    /// Founds a group of some of this one's members (§11.3): who joins it needs this group too, so that only members of its current epoch
    /// can. See <see cref="JoinOptions.Groups"/>.
    /// </summary>
    /// <param name="groupId">The new group's id: unique, best random.</param>
    /// <param name="own">Fresh keys and the own leaf, of this group's cipher suite.</param>
    /// <param name="others">Key packages of the other members that are to be in it.</param>
    /// <param name="extensions">Extensions of the new group's GroupContext.</param>
    /// <param name="now">The time that the key packages' lifetimes are held against.</param>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidSuccessor"/>: somebody is no member of this group, or the cipher suite is another.</exception>
    public ValueTask<FoundedGroup> BranchAsync(
        byte[] groupId, KeyPackageBundle own, IReadOnlyList<KeyPackage> others, IReadOnlyList<Extension> extensions, DateTimeOffset now)
    {
        RequireAlive();
        return FoundAsync(ResumptionUsage.Branch, groupId, own, others, extensions, now);
    }

    async ValueTask<FoundedGroup> FoundAsync(
        ResumptionUsage usage, byte[] groupId, KeyPackageBundle own, IReadOnlyList<KeyPackage> others, IReadOnlyList<Extension> extensions, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(others);
        MlsRules rules = _environment.Rules;
        MlsRules.Require(usage == ResumptionUsage.ReInit ? rules.ReInit : rules.Branching, usage == ResumptionUsage.ReInit ? "11.2" : "11.3", "such a group");
        MlsGroup first = await CreateAsync(_environment, groupId, own, extensions).ConfigureAwait(false);
        try
        {
            byte[] nonce = new byte[first.Suite.HashLength];
            _environment.Crypto.Random(nonce);
            PreSharedKeyId origin = PreSharedKeyId.Resumption(usage, GroupId, Epoch, nonce);
            (CommitDraft draft, _) = await CommitDraft.CreateAsync(
                first, new() { Add = others, Origin = origin }, now, new(null, id => id.Span.SequenceEqual(GroupId) ? this : null, first), privately: true).ConfigureAwait(false);
            PendingCommit pending = draft.Pending;
            try
            {
                // Held to what its joiners will hold it to. Nobody else can have committed in it, so that it takes effect at once.
                Successor.Check(pending.Next, _environment, this, origin);
                MlsGroup founded = pending.Found(first);
                first.DisposeExcept(founded);
                return new(founded, pending.Welcome);
            }
            catch
            {
                pending.Dispose();
                throw;
            }
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }
}
