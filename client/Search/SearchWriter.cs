using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Writes a segment of the index (docs/STORE.md, "Search"): messages, then words in order, each without what it shares with the one before.</summary>
sealed class SearchWriter
{
    /// <summary>Every so many words one is written whole, and its place noted, so that a word is found without reading all.</summary>
    public const int Stride = 16;

    /// <summary>The version of the form.</summary>
    public const byte Version = 1;

    readonly ArrayBufferWriter<byte> _bytes = new(1024);
    readonly List<int> _places = [];
    byte[] _before = [];
    int _words;

    /// <summary>Writes the messages, in the order of their positions.</summary>
    public void Begin(IReadOnlyList<IndexedMessage> messages)
    {
        List<Id> accounts = [.. messages.Select(message => message.Account).Distinct()];
        Byte(Version);
        Number((ulong)accounts.Count);
        foreach (Id account in accounts) _bytes.Write(account.ToArray());
        Number((ulong)messages.Count);
        ulong position = 0, sent = 0;
        foreach (IndexedMessage message in messages)
        {
            Number(message.Position - position);
            long later = unchecked((long)(message.Sent - sent));
            Number(unchecked((ulong)((later << 1) ^ (later >> 63))));
            Number((ulong)accounts.IndexOf(message.Account));
            (position, sent) = (message.Position, message.Sent);
        }
    }

    /// <summary>Writes the next word with the numbers of its messages, rising.</summary>
    public void Word(string word, IReadOnlyList<int> messages)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(word);
        bool whole = _words++ % Stride == 0;
        if (whole) _places.Add(_bytes.WrittenCount);
        int shared = whole ? 0 : _before.AsSpan().CommonPrefixLength(bytes);
        Number((ulong)shared);
        Number((ulong)(bytes.Length - shared));
        _bytes.Write(bytes.AsSpan(shared));
        Number((ulong)messages.Count);
        int last = 0;
        foreach (int message in messages)
        {
            Number((ulong)(message - last));
            last = message;
        }
        _before = bytes;
    }

    /// <summary>Writes the places of the whole words, and how many words there are.</summary>
    public byte[] End()
    {
        Span<byte> number = stackalloc byte[4];
        foreach (int place in _places)
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, place);
            _bytes.Write(number);
        }
        BinaryPrimitives.WriteInt32LittleEndian(number, _words);
        _bytes.Write(number);
        return _bytes.WrittenSpan.ToArray();
    }

    void Number(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)((value & 0x7f) | 0x80));
            value >>= 7;
        }
        Byte((byte)value);
    }

    void Byte(byte value) => _bytes.Write([value]);
}
