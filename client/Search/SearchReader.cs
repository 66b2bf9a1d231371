using System.Buffers.Binary;
using System.Text;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Reads a segment of the index as it is stored: looks words up without unpacking the rest.</summary>
readonly struct SearchReader
{
    const int LongestBytes = SearchWords.Longest * 3;

    readonly byte[] _bytes;
    readonly int _table, _words, _messages, _firstAccount, _accounts;

    public SearchReader(byte[] bytes)
    {
        _bytes = bytes;
        if (bytes.Length < 5 || bytes[0] != SearchWriter.Version) throw new InvalidOperationException("not a segment of the index");
        _words = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 4));
        _table = bytes.Length - 4 - 4 * ((_words + SearchWriter.Stride - 1) / SearchWriter.Stride);
        int at = 1;
        _accounts = (int)Number(ref at);
        _firstAccount = at;
        _messages = at + _accounts * Limits.IdLength;
        at = _messages;
        Count = (int)Number(ref at);
    }

    /// <summary>How many messages it holds.</summary>
    public int Count { get; }

    /// <summary>The messages, in the order of their positions.</summary>
    public IndexedMessage[] Messages()
    {
        int at = _messages;
        _ = Number(ref at);
        IndexedMessage[] messages = new IndexedMessage[Count];
        Id[] accounts = new Id[_accounts];
        for (int i = 0; i < _accounts; i++) accounts[i] = Id.Read(_bytes.AsSpan(_firstAccount + i * Limits.IdLength, Limits.IdLength));
        ulong position = 0, sent = 0;
        for (int i = 0; i < messages.Length; i++)
        {
            position += Number(ref at);
            ulong later = Number(ref at);
            unchecked
            {
                sent += (later >> 1) ^ (0UL - (later & 1));
            }
            messages[i] = new IndexedMessage(position, sent, accounts[(int)Number(ref at)]);
        }
        return messages;
    }

    /// <summary>Which messages have words that begin with each of <paramref name="prefixes"/>, in UTF-8; <c>null</c> where there is none.</summary>
    public bool[]? Find(IReadOnlyList<byte[]> prefixes)
    {
        bool[]? all = null;
        foreach (byte[] prefix in prefixes)
        {
            bool[] found = new bool[Count];
            if (!Mark(prefix, found)) return null;
            if (all is null)
            {
                all = found;
                continue;
            }
            bool any = false;
            for (int i = 0; i < all.Length; i++) any |= all[i] &= found[i];
            if (!any) return null;
        }
        return all;
    }

    /// <summary>Gives every word with the numbers of its messages.</summary>
    public void ForEachWord(Action<string, List<int>> take)
    {
        if (_words == 0) return;
        Span<byte> word = stackalloc byte[LongestBytes];
        int at = Place(0);
        for (int i = 0; i < _words; i++)
        {
            int length = Word(word, ref at);
            int count = (int)Number(ref at), message = 0;
            List<int> messages = new(count);
            for (int n = 0; n < count; n++) messages.Add(message += (int)Number(ref at));
            take(Encoding.UTF8.GetString(word[..length]), messages);
        }
    }

    bool Mark(byte[] prefix, bool[] found)
    {
        if (_words == 0) return false;
        // The last whole word that is not behind the prefix: what begins with it stands from there on.
        int low = 0, high = (_words - 1) / SearchWriter.Stride;
        Span<byte> word = stackalloc byte[LongestBytes];
        while (low < high)
        {
            int middle = (low + high + 1) / 2, from = Place(middle);
            int size = Word(word, ref from);
            if (word[..size].SequenceCompareTo(prefix) < 0) low = middle;
            else high = middle - 1;
        }
        bool any = false;
        int at = Place(low);
        for (int i = low * SearchWriter.Stride; i < _words; i++)
        {
            int length = Word(word, ref at), count = (int)Number(ref at);
            ReadOnlySpan<byte> present = word[..length];
            bool begins = present.StartsWith(prefix);
            if (!begins && present.SequenceCompareTo(prefix) > 0) break;
            for (int message = 0; count > 0; count--)
            {
                message += (int)Number(ref at);
                if (begins) found[message] = any = true;
            }
        }
        return any;
    }

    int Place(int number) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(_table + 4 * number));

    int Word(Span<byte> word, ref int at)
    {
        int shared = (int)Number(ref at), rest = (int)Number(ref at);
        _bytes.AsSpan(at, rest).CopyTo(word[shared..]);
        at += rest;
        return shared + rest;
    }

    ulong Number(ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = _bytes[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
