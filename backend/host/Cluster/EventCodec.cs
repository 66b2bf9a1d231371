using System.Text;
using Kavalek.Protocol;

namespace Kavalek.Host;

/// <summary>News as bytes, for the way between nodes: ids, numbers and ciphertext. Nodes of one version speak it; it is stored nowhere for long.</summary>
internal static class EventCodec
{
    /// <summary>The event behind the id of the node that tells it.</summary>
    public static byte[] Write(Id node, BusEvent news)
    {
        using var stream = new MemoryStream();
        using (var to = new BinaryWriter(stream))
        {
            to.Write(node.ToArray());
            switch (news)
            {
                case SessionEnded e: Begin(1); Ids(e.Account, e.Device, e.Session); break;
                case DeviceRemoved e: Begin(2); Ids(e.Account, e.Device); break;
                case Revoked e: Begin(3); List(e.Devices); List(e.Sessions); break;
                case DevicesChanged e: Begin(4); Ids(e.News, e.Account); List(e.Devices); break;
                case AccountClosed e: Begin(5); Ids(e.Account); to.Write(e.Number); break;
                case DevicesSubscribed e: Begin(6); Name(e.Stream); List(e.Devices); break;
                case EntriesAppended e: Begin(7); Name(e.Stream); to.Write(e.First); to.Write(e.Last); List(e.Removed); to.Write(e.Entries); break;
                case DeviceUnsubscribed e: Begin(8); Name(e.Stream); Ids(e.Device); break;
                case EphemeralSent e: Begin(9); Name(e.Stream); Ids(e.Sender); to.Write(e.Payload); break;
                case EventsMissed: Begin(10); break;
                case NotesChanged e: Begin(11); Ids(e.Account, e.By); break;
                case RankChanged e: Begin(12); Ids(e.Account); break;
                case PolicyChanged e: Begin(13); to.Write(e.RetentionDays); to.Write(e.AttachmentBytes); to.Write(e.AttachmentQuota); break;
                case PushChanged e: Begin(14); Ids(e.Device); break;
                case StoragePurged e: Begin(15); List(e.Account is { } whose ? [whose] : []); to.Write(e.Before); break;
                default: throw new InvalidOperationException($"{news.GetType().Name} does not travel between nodes yet");
            }

            void Begin(byte kind) => to.Write(kind);

            void Ids(params ReadOnlySpan<Id> ids)
            {
                foreach (Id id in ids)
                    to.Write(id.ToArray());
            }

            void List(Id[] ids)
            {
                to.Write(ids.Length);
                Ids(ids);
            }

            void Name(StreamName name)
            {
                Ids(name.Id);
                to.Write(name.Inbox);
            }
        }
        return stream.ToArray();
    }

    /// <summary>Who told it.</summary>
    public static Id Node(ReadOnlySpan<byte> bytes) => Id.Read(bytes[..Limits.IdLength]);

    /// <summary>Reads an event; null of a kind that this version does not know.</summary>
    /// <exception cref="FormatException">It is none. <see cref="EndOfStreamException"/> and <see cref="ArgumentException"/> say the same.</exception>
    public static BusEvent? Read(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes, Limits.IdLength, bytes.Length - Limits.IdLength);
        using var from = new BinaryReader(stream, Encoding.UTF8);
        return from.ReadByte() switch
        {
            1 => new SessionEnded(One(), One(), One()),
            2 => new DeviceRemoved(One(), One()),
            3 => new Revoked(List(), List()),
            4 when One() is var id => new DevicesChanged(One(), List()) { News = id },
            5 => new AccountClosed(One(), from.ReadUInt64()),
            6 => new DevicesSubscribed(Name(), List()),
            7 when (Name(), from.ReadUInt64(), from.ReadUInt64(), List()) is var (name, first, last, removed) => new EntriesAppended(name, first, last, Rest(), removed),
            8 => new DeviceUnsubscribed(Name(), One()),
            9 => new EphemeralSent(Name(), One(), Rest()),
            10 => new EventsMissed(),
            11 => new NotesChanged(One(), One()),
            12 => new RankChanged(One()),
            13 => new PolicyChanged(from.ReadInt32(), from.ReadInt64(), from.ReadInt64()),
            14 => new PushChanged(One()),
            15 => new StoragePurged(List() is [var whose] ? whose : null, from.ReadInt64()),
            _ => null,
        };

        Id One() => Id.Read(from.ReadBytes(Limits.IdLength));

        Id[] List()
        {
            int count = from.ReadInt32();
            if (count < 0 || count > (stream.Length - stream.Position) / Limits.IdLength)
                throw new FormatException("a list longer than its bytes");
            var ids = new Id[count];
            for (int i = 0; i < ids.Length; i++)
                ids[i] = One();
            return ids;
        }

        StreamName Name() => new(One(), from.ReadBoolean());

        byte[] Rest() => from.ReadBytes((int)(stream.Length - stream.Position));
    }
}
