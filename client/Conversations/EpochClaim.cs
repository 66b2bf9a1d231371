using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>Where a device stood while a stream was in one of its epochs: its MLS epoch, and what only who is in that very epoch knows of it.</summary>
/// <param name="StreamEpoch">The stream's epoch, by the server's count.</param>
/// <param name="Epoch">The MLS epoch.</param>
/// <param name="State">SHA-256 over the epoch authenticator (RFC 9420 §8.7), 32 bytes.</param>
/// <param name="Begun">The device whose commit began the MLS epoch; all zeros where this one does not know.</param>
internal sealed record Standing(ulong StreamEpoch, ulong Epoch, byte[] State, Id Begun)
{
    /// <summary>Where <paramref name="group"/> stands.</summary>
    public static Standing Of(MlsGroup group, ulong streamEpoch, Id begun) =>
        new(streamEpoch, group.Epoch, SHA256.HashData([.. "kavalek/v1/epoch"u8, .. group.EpochAuthenticator]), begun);

    /// <summary>Whether both are the same epoch of the same history.</summary>
    public bool IsSame(Standing other) => Epoch == other.Epoch && State.AsSpan().SequenceEqual(other.State);
}

/// <summary>
/// A device's signed word on where it stands (docs/PROTOCOL.md §7.10). It travels in the stream beside MLS, because it is for those who
/// cannot read what the device encrypts.
/// </summary>
/// <param name="Instance">The instance.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Device">Who says it.</param>
/// <param name="Standing">Where it stands.</param>
internal sealed record EpochClaim(Id Instance, Id Stream, Id Device, Standing Standing)
{
    /// <summary>The device key's label.</summary>
    public const string Label = "kavalek/v1/epoch";

    // No MLSMessage begins so: those begin with their protocol version, 1.
    const ushort Mark = 0xF0CB;
    const ushort Version = 1;
    const int StateBytes = 32;

    /// <summary>SHA-256 of the claim that this one answers, which it is thus newer than; 32 zero bytes where it answers none.</summary>
    public byte[] Answers { get; private init; } = new byte[StateBytes];

    /// <summary>Whether the device found that the server went back, so that members can stand apart without anybody's doing.</summary>
    public bool Forgotten { get; private init; }

    /// <summary>DER, at most 72 bytes.</summary>
    public byte[] Signature { get; private init; } = [];

    /// <summary>Whether a payload says that it is one.</summary>
    public static bool IsMarked(ReadOnlySpan<byte> payload) => payload.Length > 2 && payload[0] == Mark >> 8 && payload[1] == (Mark & 0xff);

    /// <summary>Signs a claim.</summary>
    public static async Task<byte[]> SignAsync(ICryptoProvider crypto, OwnIdentity own, Id stream, Standing standing, byte[]? answers, bool forgotten = false)
    {
        byte[] content = new EpochClaim(own.Instance, stream, own.Device, standing) { Answers = answers ?? new byte[StateBytes], Forgotten = forgotten }.Content();
        byte[] signature = await crypto.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, own.DeviceKey.PrivateKey, SignContent.Encode(Label, content)).ConfigureAwait(false);
        return new TlsBytes().UInt16(Mark).Vector(content).Vector(signature).ToArray();
    }

    /// <summary>Reads a claim; <c>null</c> where it is malformed. Nothing is verified yet.</summary>
    public static EpochClaim? Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            TlsView outer = new(payload);
            if (outer.UInt16() != Mark) return null;
            TlsView view = new(outer.Vector());
            byte[] signature = SignContent.ReadSignature(ref outer);
            outer.End();
            if (view.UInt16() != Version) return null;
            Id instance = view.Id(), stream = view.Id(), device = view.Id();
            Standing standing = new(view.UInt64(), view.UInt64(), view.Raw(StateBytes).ToArray(), view.Id());
            byte[] answers = view.Raw(StateBytes).ToArray();
            ushort forgotten = view.UInt16();
            if (forgotten > 1) return null;
            view.End();
            return new(instance, stream, device, standing) { Answers = answers, Forgotten = forgotten == 1, Signature = signature };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether the device key signed it.</summary>
    public ValueTask<bool> VerifyAsync(ICryptoProvider crypto, byte[] deviceKey) =>
        crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, deviceKey, SignContent.Encode(Label, Content()), Signature);

    byte[] Content() => new TlsBytes().UInt16(Version).Id(Instance).Id(Stream).Id(Device)
        .UInt64(Standing.StreamEpoch).UInt64(Standing.Epoch).Raw(Standing.State).Id(Standing.Begun).Raw(Answers).UInt16(Forgotten ? (ushort)1 : (ushort)0).ToArray();
}
