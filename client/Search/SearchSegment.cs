using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// The words of some hundred neighbouring messages of one conversation, to be changed and written again (docs/STORE.md, "Search"). Messages stand by
/// position.
/// </summary>
sealed class SearchSegment(ulong key)
{
    readonly SortedList<ulong, int> _messages = [];
    readonly List<IndexedMessage> _numbered = [];
    readonly Dictionary<string, List<int>> _words = new(StringComparer.Ordinal);

    /// <summary>Where it stands in the store: no message of it stands before.</summary>
    public ulong Key { get; set; } = key;

    /// <summary>Where it stood when it was read; <c>null</c> for a new one.</summary>
    public ulong? Stored { get; private init; }

    /// <summary>Whether it has to be written.</summary>
    public bool Changed { get; private set; }

    /// <summary>How many messages it holds.</summary>
    public int Count => _messages.Count;

    /// <summary>The position of the last message; 0 where there is none.</summary>
    public ulong Last => Count == 0 ? 0 : _messages.GetKeyAtIndex(Count - 1);

    /// <summary>Reads one.</summary>
    public static SearchSegment Decode(ulong key, byte[] encoded)
    {
        SearchSegment segment = new(key) { Stored = key };
        SearchReader reader = new(encoded);
        foreach (IndexedMessage message in reader.Messages())
        {
            segment._messages.Add(message.Position, segment._numbered.Count);
            segment._numbered.Add(message);
        }
        reader.ForEachWord((word, numbers) => segment._words.Add(word, numbers));
        return segment;
    }

    /// <summary>Puts a message in, in the place of what stood there.</summary>
    public void Put(IndexedMessage message, IReadOnlyList<string> words)
    {
        Remove(message.Position);
        int number = _numbered.Count;
        _numbered.Add(message);
        _messages.Add(message.Position, number);
        foreach (string word in words)
        {
            if (!_words.TryGetValue(word, out List<int>? numbers)) _words.Add(word, numbers = []);
            if (numbers.Count == 0 || numbers[^1] != number) numbers.Add(number);
        }
        Changed = true;
    }

    /// <summary>Takes a message out. Its words go when it is written.</summary>
    public void Remove(ulong position) => Changed |= _messages.Remove(position);

    /// <summary>Takes everything of another one in, which is empty then.</summary>
    public void Take(SearchSegment other)
    {
        Dictionary<int, int> moved = [];
        foreach ((ulong position, int number) in other._messages)
        {
            moved.Add(number, _numbered.Count);
            _messages[position] = _numbered.Count;
            _numbered.Add(other._numbered[number]);
        }
        foreach ((string word, List<int> numbers) in other._words)
        {
            if (!_words.TryGetValue(word, out List<int>? mine)) _words.Add(word, mine = []);
            foreach (int number in numbers)
                if (moved.TryGetValue(number, out int now)) mine.Add(now);
        }
        other._messages.Clear();
        (Changed, other.Changed) = (true, true);
    }

    /// <summary>Takes the later half out, as a segment of its own.</summary>
    public SearchSegment Split()
    {
        ulong from = _messages.GetKeyAtIndex(Count / 2);
        SearchSegment later = new(from);
        Dictionary<int, int> moved = [];
        foreach ((ulong position, int number) in _messages.Where(entry => entry.Key >= from).ToArray())
        {
            moved.Add(number, later._numbered.Count);
            later._messages.Add(position, later._numbered.Count);
            later._numbered.Add(_numbered[number]);
            _messages.Remove(position);
        }
        foreach ((string word, List<int> numbers) in _words)
        {
            List<int> theirs = [.. numbers.Where(moved.ContainsKey).Select(number => moved[number])];
            if (theirs.Count > 0) later._words.Add(word, theirs);
        }
        (Changed, later.Changed) = (true, true);
        return later;
    }

    /// <summary>Writes it.</summary>
    public byte[] Encode()
    {
        int[] places = new int[_numbered.Count];
        Array.Fill(places, -1);
        SearchWriter writer = new();
        writer.Begin([.. _messages.Values.Select(number => _numbered[number])]);
        for (int place = 0; place < Count; place++) places[_messages.GetValueAtIndex(place)] = place;
        string[] words = [.. _words.Keys];
        Array.Sort(words, ByCodePoint);
        List<int> at = [];
        foreach (string word in words)
        {
            at.Clear();
            foreach (int number in _words[word])
                if (places[number] >= 0) at.Add(places[number]);
            if (at.Count == 0) continue;
            at.Sort();
            writer.Word(word, at);
        }
        return writer.End();
    }

    // The order of the bytes in UTF-8, which is that of code points: UTF-16 has characters beyond 0xFFFF before those from 0xE000 on.
    static int ByCodePoint(string one, string other)
    {
        int common = one.AsSpan().CommonPrefixLength(other);
        if (common == one.Length || common == other.Length) return one.Length - other.Length;
        return Weight(one[common]) - Weight(other[common]);
    }

    static int Weight(char unit) => char.IsSurrogate(unit) ? unit + 0x2000 : unit >= 0xE000 ? unit - 0x800 : unit;
}

/// <summary>What the index says of a message beside its words.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Sent">Milliseconds since 1970, by the sender.</param>
/// <param name="Account">Who sent it.</param>
readonly record struct IndexedMessage(ulong Position, ulong Sent, Id Account);
