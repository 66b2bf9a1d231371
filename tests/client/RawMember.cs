using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>A member that holds real keys of a conversation and keeps to no rule: it says and commits what no client would.</summary>
sealed class RawMember : IAsyncDisposable
{
    readonly ClientCore _core;
    readonly Id _stream;
    ulong _number = 1_000;

    RawMember(ClientCore core, Id stream, MlsGroup group, StreamRow row) => (_core, _stream, Group, Row) = (core, stream, group, row);

    /// <summary>The group as this member has it.</summary>
    public MlsGroup Group { get; private set; }

    /// <summary>Where it stands in the stream.</summary>
    public StreamRow Row { get; }

    /// <summary>Takes over what a client has stored of a conversation; the client is not to be used in it any more.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="conversation">Which.</param>
    /// <param name="rules">What the member does not forbid itself; everything where <c>null</c>.</param>
    /// <param name="authentication">Whom it believes; as the client does where <c>null</c>.</param>
    public static async Task<RawMember> OpenAsync(KavalekClient client, Id conversation, MlsRules? rules = null, IAuthenticationService? authentication = null)
    {
        ClientCore core = client.Core;
        ConversationRow row = ConversationRow.Parser.ParseFrom(await core.Store.GetAsync(StoreKeys.Conversation(conversation)));
        Id stream = Id.Read(row.Live.Span);
        StreamRow streamRow = StreamRow.Parser.ParseFrom(await core.Store.GetAsync(StoreKeys.Stream(stream)));
        GroupStream loaded = await GroupStream.LoadAsync(core.Store, core.Mls with { Rules = rules ?? MlsRules.Open, Authentication = authentication ?? core.Mls.Authentication }, stream, streamRow, default);
        return new RawMember(core, stream, loaded.Group!, streamRow);
    }

    /// <summary>The leaves of an account.</summary>
    public IReadOnlyList<LeafIndex> Leaves(Id account) => [.. Group.Members.Select(MemberDevice.Of).Where(d => d.Account == account).Select(d => d.Leaf)];

    /// <summary>Says something.</summary>
    public async Task SayAsync(Content content)
    {
        content.Number = ++_number;
        await SayAsync(content.ToByteArray());
    }

    /// <summary>Says any bytes.</summary>
    public async Task SayAsync(byte[] bytes)
    {
        OutgoingMessage message = await Group.ProtectAsync(bytes);
        Group = message.Next;
        await AppendAsync(Wire.Kind.Application, message.Message, null);
    }

    /// <summary>Says something that never arrives.</summary>
    public async Task SkipAsync()
    {
        _number++;
        Group = (await Group.ProtectAsync(new byte[] { 1 })).Next;
    }

    /// <summary>Commits, with the word to the server that goes with it, and goes on in the new epoch as if all had agreed.</summary>
    public async Task CommitAsync(CommitRequest request, bool tellServer = true)
    {
        (PendingCommit pending, MlsGroup next) = await Group.CommitAsync(request, DateTimeOffset.UtcNow);
        Wire.Change change = new() { Welcome = pending.Welcome is { } welcome ? ByteString.CopyFrom(welcome) : ByteString.Empty };
        change.Add.AddRange(pending.Effects.Added.Select(m => ByteString.CopyFrom(MemberDevice.Of(m).Device.ToArray())));
        if (tellServer) change.Remove.AddRange(pending.Effects.Removed.Select(m => ByteString.CopyFrom(MemberDevice.Of(m).Device.ToArray())));
        await AppendAsync(Wire.Kind.Commit, pending.Message, change.Add.Count + change.Remove.Count > 0 ? change : null);
        Row.Epoch++;
        Group = pending.Apply(next, DateTimeOffset.UtcNow);
    }

    /// <summary>Sends a proposal.</summary>
    public async Task ProposeAsync(Func<MlsGroup, ValueTask<OutgoingMessage>> propose)
    {
        OutgoingMessage message = await propose(Group);
        Group = message.Next;
        await AppendAsync(Wire.Kind.Proposal, message.Message, null);
    }

    /// <summary>Appends any bytes.</summary>
    public async Task AppendAsync(Wire.Kind kind, byte[] payload, Wire.Change? change)
    {
        AppendOutcome outcome = await _core.Streams.AppendAsync(new Wire.Append
        {
            Stream = ByteString.CopyFrom(_stream.ToArray()),
            Id = ByteString.CopyFrom(Id.New().ToArray()),
            Kind = kind,
            Epoch = Row.Epoch,
            Payload = ByteString.CopyFrom(payload),
            Change = change,
        }, default);
        Assert.IsType<AppendStored>(outcome);
    }

    public ValueTask DisposeAsync()
    {
        Group.Dispose();
        return ValueTask.CompletedTask;
    }
}
