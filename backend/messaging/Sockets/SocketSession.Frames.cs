using System.Text;
using System.Text.Unicode;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Sockets;

/// <summary>This part reads frames (<c>protocol/kavalek.proto</c>); null is a malformed one.</summary>
sealed partial class SocketSession
{
    /// <summary>Finds the one frame in a <c>ClientFrame</c>; kind 0 is a frame we do not know.</summary>
    static bool TryUnwrap(ReadOnlySpan<byte> message, out int kind, out int offset, out int length)
    {
        (kind, offset, length) = (0, 0, 0);
        var fields = new FieldReader(message);
        while (fields.Next())
        {
            if (fields.Field is < 1 or > (int)ClientFrame.FrameOneofCase.Ping)
                continue;
            if (kind != 0 || !fields.HasBytes)
                return false;
            kind = fields.Field;
            length = fields.Bytes.Length;
            message.Overlaps(fields.Bytes, out offset);
        }
        return !fields.Malformed && kind != 0;
    }

    static (string Token, uint Window)? ReadToken(ReadOnlySpan<byte> body)
    {
        string token = "";
        ulong window = 0;
        var fields = new FieldReader(body);
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                if (!fields.HasBytes || !Utf8.IsValid(fields.Bytes))
                    return null;
                token = Encoding.UTF8.GetString(fields.Bytes);
            }
            else if (fields.Field == 2)
            {
                window = fields.Number;
            }
        }
        return fields.Malformed ? null : (token, (uint)Math.Min(window, uint.MaxValue));
    }

    static ulong? ReadPing(ReadOnlySpan<byte> body)
    {
        ulong id = 0;
        var fields = new FieldReader(body);
        while (fields.Next())
        {
            if (fields.Field == 1)
                id = fields.Number;
        }
        return fields.Malformed ? null : id;
    }

    (StreamName Stream, ulong Seq)? ReadAck(ReadOnlySpan<byte> body)
    {
        Id stream = default;
        ulong seq = 0;
        bool named = false;
        var fields = new FieldReader(body);
        while (fields.Next())
        {
            if (fields.Field == 1)
                named = Id.TryRead(fields.Bytes, out stream);
            else if (fields.Field == 2)
                seq = fields.Number;
        }
        return fields.Malformed || !named ? null : (Name(stream), seq);
    }

    EphemeralSent? ReadEphemeral(ReadOnlySpan<byte> body)
    {
        Id stream = default;
        bool named = false;
        ReadOnlySpan<byte> payload = default;
        var fields = new FieldReader(body);
        while (fields.Next())
        {
            if (fields.Field == 1)
                named = Id.TryRead(fields.Bytes, out stream);
            else if (fields.Field == 2)
                payload = fields.Bytes;
        }
        return fields.Malformed || !named || payload.Length > Limits.EphemeralBytes ? null : new EphemeralSent(Name(stream), Device, payload.ToArray());
    }

    /// <summary>An append; if its frame is well-formed but the append is not, it carries its refusal.</summary>
    AppendOperation? ReadAppend(ReadOnlySpan<byte> body)
    {
        Id stream = default, id = default;
        bool named = false, identified = false, hasChange = false;
        ulong kind = 0, epoch = 0, expiresIn = 0;
        ReadOnlySpan<byte> payload = default, changeBytes = default;
        var fields = new FieldReader(body);
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1: named = Id.TryRead(fields.Bytes, out stream); break;
                case 2: identified = Id.TryRead(fields.Bytes, out id); break;
                case 3: kind = fields.Number; break;
                case 4: epoch = fields.Number; break;
                case 5: payload = fields.Bytes; break;
                case 6:
                    hasChange = true;
                    changeBytes = fields.Bytes;
                    break;
                case 7: expiresIn = fields.Number; break;
                default: break;
            }
        }
        if (fields.Malformed || !named || !identified)
            return null;
        MemberChange? change = null;
        string? refusal = null;
        if (kind is < (ulong)Kind.Application or > (ulong)Kind.Commit || payload.IsEmpty || (hasChange && kind != (ulong)Kind.Commit))
        {
            refusal = ErrorCodes.Invalid;
        }
        else if (hasChange)
        {
            if (!TryReadChange(changeBytes, stream, out change))
                return null;
            refusal = change is null ? ErrorCodes.Invalid : null;
        }
        if (!_services.Sockets.TryTakeAppend(Device, Sockets.Cost(isCommit: kind == (ulong)Kind.Commit) + (change?.Add.Length ?? 0)))
            refusal = ErrorCodes.RateLimited;
        refusal ??= _services.Intake.TryTake(_principal!.Account, Device, AppendOperation.Stored(payload.Length, change));
        return new AppendOperation(_principal!.Account, Device, Name(stream), id, Answer)
        {
            Kind = refusal is null ? (Kind)kind : default,
            Epoch = epoch,
            Payload = refusal is null ? payload.ToArray() : default,
            Change = change,
            ExpiresIn = (uint)Math.Min(expiresIn, uint.MaxValue),
            Refusal = refusal,
        };
    }

    static bool TryReadChange(ReadOnlySpan<byte> bytes, Id stream, out MemberChange? change)
    {
        bool read = UntrustedMessage.TryRead(Change.Parser, bytes, out Change? message);
        change = read ? MemberChange.Read(message!, stream) : null;
        return read;
    }

    /// <summary>A device's own id names its inbox.</summary>
    StreamName Name(Id stream) => new(stream, Inbox: stream == Device);
}
