namespace Kavalek.Mls;

/// <summary>
/// One client's view of a group (RFC 9420). It is immutable: each step gives the next group beside this one, and a refused input
/// leaves this one as it is. The two share what did not change, so a step costs what it changes and not what the group holds.
/// </summary>
/// <remarks>
/// A step, whole: call, write <see cref="Changes"/> of the next group to the store in one transaction, only then send the message or show the
/// content, then <see cref="DisposeExcept"/> on the old group, which zeroes the secrets that the next one does not hold.
/// </remarks>
public sealed partial class MlsGroup : IDisposable
{
    /// <summary>The group's id.</summary>
    public byte[] GroupId => throw new NotImplementedException();

    /// <summary>The epoch, from 0.</summary>
    public ulong Epoch => throw new NotImplementedException();

    /// <summary>The cipher suite.</summary>
    public CipherSuite Suite => throw new NotImplementedException();

    /// <summary>The extensions of the GroupContext.</summary>
    public IReadOnlyList<Extension> Extensions => throw new NotImplementedException();

    /// <summary>The own leaf.</summary>
    public LeafIndex OwnIndex => throw new NotImplementedException();

    /// <summary>The own member.</summary>
    public Member Own => throw new NotImplementedException();

    /// <summary>All members by rising leaf.</summary>
    public IEnumerable<Member> Members => throw new NotImplementedException();

    /// <summary>How many members there are.</summary>
    public int MemberCount => throw new NotImplementedException();

    /// <summary>The member at a leaf, or <c>null</c> where it is blank.</summary>
    public Member? Find(LeafIndex index) => throw new NotImplementedException();

    /// <summary>Whether proposals wait for a commit, which must come before the next application message (§12.4).</summary>
    public bool HasProposals => throw new NotImplementedException();

    /// <summary>What all members of this epoch can compare to see that they are in the same one (§8.7).</summary>
    public byte[] EpochAuthenticator => throw new NotImplementedException();

    /// <summary>A secret of the application's own that all members of this epoch share (§8.5).</summary>
    public Secret ExportSecret(string label, ReadOnlySpan<byte> context, int length) => throw new NotImplementedException();

    /// <summary>The ratchet tree as the ratchet_tree extension carries it (§12.4.3.3), for who joins by a Welcome without it.</summary>
    public byte[] ExportRatchetTree() => throw new NotImplementedException();

    /// <summary>A new group of one (§11).</summary>
    /// <param name="environment">Primitives, authentication service, limits.</param>
    /// <param name="groupId">Its id: unique, best random.</param>
    /// <param name="own">Fresh keys and the leaf of the creator; not to be published. The group has copies of the keys.</param>
    /// <param name="extensions">Extensions of the GroupContext.</param>
    public static ValueTask<MlsGroup> CreateAsync(
        MlsEnvironment environment, byte[] groupId, KeyPackageBundle own, IReadOnlyList<Extension> extensions) => throw new NotImplementedException();

    /// <summary>Joins the group of a Welcome (§12.4.3.1), after every check of §12.4.3.1 and §12.4.3.3 on it and its tree.</summary>
    /// <param name="environment">Primitives, authentication service, limits.</param>
    /// <param name="welcome">An MLSMessage that holds a Welcome.</param>
    /// <param name="find">Finds an own key package.</param>
    /// <param name="options">What the joiner has beside the Welcome.</param>
    /// <exception cref="MlsException">The code says which rule was broken.</exception>
    public static ValueTask<JoinedGroup> JoinAsync(
        MlsEnvironment environment, ReadOnlyMemory<byte> welcome, KeyPackageLookup find, JoinOptions? options = null) => throw new NotImplementedException();

    /// <summary>
    /// Makes a commit (§12.4.1). The group stays in its epoch until the commit is confirmed; <c>Next</c> is this group without the
    /// key that the commit was encrypted with: store both before the commit is sent.
    /// </summary>
    /// <param name="request">What to commit.</param>
    /// <param name="now">The time that lifetimes of added key packages are held against.</param>
    /// <param name="externalPsk">Pre-shared keys that the request or proposals name.</param>
    /// <exception cref="MlsException">The request breaks a rule, or a key package is not valid.</exception>
    public ValueTask<(PendingCommit Pending, MlsGroup Next)> CommitAsync(CommitRequest request, DateTimeOffset now, ExternalPskLookup? externalPsk = null) => throw new NotImplementedException();

    /// <summary>Proposes to remove a member (§12.1.3): for oneself, the way to leave.</summary>
    public ValueTask<OutgoingMessage> ProposeRemoveAsync(LeafIndex member, byte[]? authenticatedData = null) => throw new NotImplementedException();

    /// <summary>Proposes to add a client (§12.1.1).</summary>
    public ValueTask<OutgoingMessage> ProposeAddAsync(KeyPackage keyPackage, DateTimeOffset now, byte[]? authenticatedData = null) => throw new NotImplementedException();

    /// <summary>Proposes fresh keys for the own leaf (§12.1.2).</summary>
    public ValueTask<OutgoingMessage> ProposeUpdateAsync(LeafChange? change = null, byte[]? authenticatedData = null) => throw new NotImplementedException();

    /// <summary>Proposes new extensions of the GroupContext in place of all old ones (§12.1.7).</summary>
    public ValueTask<OutgoingMessage> ProposeExtensionsAsync(IReadOnlyList<Extension> extensions, byte[]? authenticatedData = null) => throw new NotImplementedException();

    /// <summary>Encrypts an application message (§6.3).</summary>
    /// <param name="content">The application's bytes.</param>
    /// <param name="authenticatedData">Bytes that travel in clear beside it, authenticated.</param>
    /// <param name="padding">Zero bytes appended inside the encryption, to hide the size.</param>
    /// <exception cref="MlsException"><see cref="MlsError.CommitRequired"/>: proposals wait.</exception>
    public ValueTask<OutgoingMessage> ProtectAsync(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> authenticatedData = default, int padding = 0) => throw new NotImplementedException();

    /// <summary>Processes whatever the delivery service gives for this group: application message, proposal or commit, own ones too.</summary>
    /// <param name="message">An MLSMessage.</param>
    /// <param name="now">The time, from which the age of an ended epoch is counted.</param>
    /// <param name="options">The own pending commit; pre-shared keys.</param>
    public ValueTask<ProcessResult> ProcessAsync(ReadOnlyMemory<byte> message, DateTimeOffset now, ProcessOptions? options = null) => throw new NotImplementedException();

    /// <summary>This group without past epochs that are older than the retention policy allows. Itself, where there are none.</summary>
    public MlsGroup Prune(DateTimeOffset now) => throw new NotImplementedException();

    /// <summary>What to write so that the store holds this group after it held <paramref name="since"/>; everything where that is <c>null</c>.</summary>
    public IReadOnlyList<StateRecord> Changes(MlsGroup? since) => throw new NotImplementedException();

    /// <summary>The group whose records were stored.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidState"/>: records are missing or do not decode.</exception>
    public static MlsGroup Load(MlsEnvironment environment, IEnumerable<StateRecord> records) => throw new NotImplementedException();

    /// <summary>Zeroes the secrets that <paramref name="kept"/> does not hold: for a group that was superseded, or a next one that was refused.</summary>
    public void DisposeExcept(MlsGroup kept) => throw new NotImplementedException();

    /// <summary>Zeroes every secret, those shared with groups before and after it too.</summary>
    public void Dispose() => throw new NotImplementedException();
}
