using System.Text;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>What all members of a group agree on beside its keys: GroupContext extension 0xF0CA (docs/PROTOCOL.md §7.1).</summary>
internal sealed record ConversationExtension
{
    /// <summary>The extension's type, of the private-use range.</summary>
    public const ushort Type = 0xF0CA;

    /// <summary>Bytes of a title in UTF-8, at most.</summary>
    public const int TitleBytes = 256;

    const ushort Version = 1;

    // Refuses what is not UTF-8 instead of replacing it: two clients must never read two titles from the same bytes.
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A direct conversation or a group.</summary>
    public required ConversationKind Kind { get; init; }

    /// <summary>Seconds since 1970 of the group's beginning, as its creator's clock said.</summary>
    public required ulong Created { get; init; }

    /// <summary>The title; empty in a direct conversation.</summary>
    public string Title { get; init; } = "";

    /// <summary>Admins and owners by account; an account that is not here is a member.</summary>
    public IReadOnlyDictionary<Id, Role> Roles { get; init; } = new Dictionary<Id, Role>();

    /// <summary>Seconds that a message lives from its sending; 0 where messages stay (docs/PROTOCOL.md §7.7).</summary>
    public uint Timer { get; init; }

    /// <summary>The conversation that this group carries on (docs/PROTOCOL.md §7.11); <c>null</c> where it began with this group, and in direct conversations.</summary>
    public Id? Continues { get; init; }

    /// <summary>The role of an account that is in the group.</summary>
    public Role RoleOf(Id account) => Roles.GetValueOrDefault(account, Role.Member);

    /// <summary>This with another title.</summary>
    public ConversationExtension WithTitle(string title) => this with { Title = title };

    /// <summary>This with <paramref name="account"/> in another role.</summary>
    public ConversationExtension WithRole(Id account, Role role)
    {
        Dictionary<Id, Role> roles = new(Roles);
        if (role == Role.Member) roles.Remove(account);
        else roles[account] = role;
        return this with { Roles = roles };
    }

    /// <summary>This without the roles of accounts that are gone.</summary>
    public ConversationExtension Without(IEnumerable<Id> gone)
    {
        Dictionary<Id, Role> roles = new(Roles);
        foreach (Id account in gone) roles.Remove(account);
        return roles.Count == Roles.Count ? this : this with { Roles = roles };
    }

    /// <summary>Whether a title fits: UTF-8 of at most <see cref="TitleBytes"/>, no control characters, not blank.</summary>
    public static bool IsTitle(string title)
    {
        if (string.IsNullOrWhiteSpace(title) || title.Any(char.IsControl)) return false;
        try
        {
            return StrictUtf8.GetByteCount(title) <= TitleBytes;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The bytes of the extension; roles sorted by account, so that there is one encoding only.</summary>
    public byte[] Encode()
    {
        TlsBytes roles = new();
        foreach ((Id account, Role role) in Roles.OrderBy(entry => entry.Key, ById)) roles.Id(account).Raw([(byte)role]);
        return new TlsBytes().UInt16(Version).Raw([(byte)Kind]).UInt64(Created).Vector(StrictUtf8.GetBytes(Title)).Vector(roles.ToArray()).UInt32(Timer)
            .Vector(Continues is { } conversation ? conversation.ToArray() : []).ToArray();
    }

    /// <summary>Reads an extension.</summary>
    /// <exception cref="FormatException">Not exactly one, of another version, or not in its one encoding.</exception>
    public static ConversationExtension Decode(ReadOnlySpan<byte> bytes)
    {
        TlsView view = new(bytes);
        if (view.UInt16() != Version) throw new FormatException("version of the conversation extension");
        ConversationKind kind = (ConversationKind)view.Raw(1)[0];
        if (!Enum.IsDefined(kind)) throw new FormatException("kind of conversation");
        ulong created = view.UInt64();
        string title = ReadTitle(view.Vector(), kind);
        Dictionary<Id, Role> roles = ReadRoles(view.Vector());
        uint timer = view.UInt32();
        Id? continues = ReadContinues(view.Vector(), kind);
        view.End();
        if (timer != 0 && !Life.IsLife(timer)) throw new FormatException("timer");
        return new() { Kind = kind, Created = created, Title = title, Roles = roles, Timer = timer, Continues = continues };
    }

    static Id? ReadContinues(ReadOnlySpan<byte> bytes, ConversationKind kind)
    {
        if (bytes.IsEmpty) return null;
        return kind == ConversationKind.Group && Id.TryRead(bytes, out Id conversation) ? conversation : throw new FormatException("what the group carries on");
    }

    static string ReadTitle(ReadOnlySpan<byte> bytes, ConversationKind kind)
    {
        if (kind == ConversationKind.Direct)
            return bytes.IsEmpty ? "" : throw new FormatException("a direct conversation has no title");
        try
        {
            string title = StrictUtf8.GetString(bytes);
            return IsTitle(title) ? title : throw new FormatException("title");
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("title is not UTF-8");
        }
    }

    static Dictionary<Id, Role> ReadRoles(ReadOnlySpan<byte> bytes)
    {
        Dictionary<Id, Role> roles = [];
        TlsView view = new(bytes);
        Id? last = null;
        while (!view.AtEnd)
        {
            Id account = view.Id();
            Role role = (Role)view.Raw(1)[0];
            if (role is not (Role.Admin or Role.Owner)) throw new FormatException("role");
            if (last is { } before && ById.Compare(before, account) >= 0) throw new FormatException("roles not sorted");
            roles.Add(account, role);
            last = account;
        }
        return roles;
    }

    static readonly Comparer<Id> ById = Comparer<Id>.Create((a, b) =>
        a.High != b.High ? a.High.CompareTo(b.High) : a.Low.CompareTo(b.Low));
}
