namespace Kavalek.Mls;

/// <summary>
/// An immutable sparse array: setting an entry gives a new array that shares all but a path of some three small nodes with the old.
/// So the next state of a group stands beside the old one without copying it, and the difference of two states is found
/// without looking at what they share.
/// </summary>
internal sealed class PersistentArray<T> where T : class
{
    const int Bits = 4;
    const int Width = 1 << Bits;

    // A trie node is an object[]: of nodes above, of entries at the bottom. 'height' counts the levels above the bottom.
    readonly object?[]? _root;
    readonly int _height;

    PersistentArray(object?[]? root, int height)
    {
        _root = root;
        _height = height;
    }

    /// <summary>The array whose every entry is <c>null</c>.</summary>
    public static PersistentArray<T> Empty { get; } = new(null, 0);

    /// <summary>The array of the given entries, from index 0.</summary>
    public static PersistentArray<T> From(IReadOnlyList<T?> entries)
    {
        List<object?[]> level = [];
        for (int i = 0; i < entries.Count; i += Width)
        {
            object?[] node = new object?[Width];
            for (int j = 0; j < Width && i + j < entries.Count; j++) node[j] = entries[i + j];
            level.Add(node);
        }
        int height = 0;
        for (; level.Count > 1; height++)
            level = [.. level.Chunk(Width).Select(children => { object?[] node = new object?[Width]; children.CopyTo(node, 0); return node; })];
        return level.Count == 0 ? Empty : new(level[0], height);
    }

    /// <summary>The entry, or <c>null</c> where none was set.</summary>
    public T? this[uint index]
    {
        get
        {
            if (_root is null || Overflows(index, _height)) return null;
            object?[]? node = _root;
            for (int level = _height; level > 0; level--)
            {
                node = (object?[]?)node[Slot(index, level)];
                if (node is null) return null;
            }
            return (T?)node[Slot(index, 0)];
        }
    }

    /// <summary>This array with one entry set, or cleared with <c>null</c>.</summary>
    public PersistentArray<T> With(uint index, T? value)
    {
        if (ReferenceEquals(this[index], value)) return this;
        object?[] root = _root ?? new object?[Width];
        int height = _height;
        for (; Overflows(index, height); height++)
        {
            object?[] above = new object?[Width];
            above[0] = root;
            root = above;
        }
        return new(Set(root, height, index, value), height);
    }

    /// <summary>The entries that are set, by rising index.</summary>
    public List<(uint Index, T Value)> Entries()
    {
        List<(uint, T)> entries = [];
        if (_root is not null) Collect(_root, _height, 0, entries);
        return entries;
    }

    /// <summary>The entries that are not the same object in both, by rising index; work in proportion to the difference.</summary>
    public IEnumerable<(uint Index, T? Old, T? New)> ChangesSince(PersistentArray<T> old)
    {
        int height = Math.Max(_height, old._height);
        return Difference(old.RootAt(height), RootAt(height), height, 0);
    }

    object?[]? RootAt(int height)
    {
        object?[]? root = _root;
        for (int h = _height; h < height && root is not null; h++)
        {
            object?[] above = new object?[Width];
            above[0] = root;
            root = above;
        }
        return root;
    }

    static object?[] Set(object?[]? node, int level, uint index, T? value)
    {
        object?[] copy = node is null ? new object?[Width] : (object?[])node.Clone();
        int slot = Slot(index, level);
        copy[slot] = level == 0 ? value : Set((object?[]?)copy[slot], level - 1, index, value);
        return copy;
    }

    static void Collect(object?[] node, int level, uint first, List<(uint, T)> into)
    {
        for (int slot = 0; slot < Width; slot++)
        {
            if (node[slot] is not { } child) continue;
            uint index = first + ((uint)slot << (Bits * level));
            if (level == 0) into.Add((index, (T)child));
            else Collect((object?[])child, level - 1, index, into);
        }
    }

    static IEnumerable<(uint, T?, T?)> Difference(object?[]? old, object?[]? now, int level, uint first)
    {
        if (ReferenceEquals(old, now)) yield break;
        for (int slot = 0; slot < Width; slot++)
        {
            object? before = old?[slot], after = now?[slot];
            if (ReferenceEquals(before, after)) continue;
            uint index = first + ((uint)slot << (Bits * level));
            if (level == 0)
                yield return (index, (T?)before, (T?)after);
            else
                foreach ((uint, T?, T?) change in Difference((object?[]?)before, (object?[]?)after, level - 1, index)) yield return change;
        }
    }

    // A trie of the given height holds 16^(height+1) entries; eight levels hold every uint.
    static bool Overflows(uint index, int height) => height < 7 && index >> (Bits * (height + 1)) != 0;

    static int Slot(uint index, int level) => (int)(index >> (Bits * level)) & (Width - 1);
}
