using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kavalek.Auth;

/// <summary>
/// A refresh token: 128 random bits that all tokens of the session share, then 256 of its own. The first part lets the
/// server tell a used token from one that never was, without keeping every used one.
/// </summary>
/// <param name="Family">The shared part.</param>
/// <param name="Own">This token's part.</param>
internal sealed record RefreshToken(byte[] Family, byte[] Own)
{
    const int FamilyBytes = 16;
    const int OwnBytes = 32;

    /// <summary>The first token of a new session.</summary>
    public static RefreshToken First() => new(RandomNumberGenerator.GetBytes(FamilyBytes), RandomNumberGenerator.GetBytes(OwnBytes));

    /// <summary>The one that replaces this.</summary>
    public RefreshToken Next() => this with { Own = RandomNumberGenerator.GetBytes(OwnBytes) };

    /// <summary>What is stored of it.</summary>
    public byte[] FamilyHash => SHA256.HashData(Family);

    /// <summary>What is stored of it.</summary>
    public byte[] OwnHash => SHA256.HashData(Own);

    /// <summary>64 characters.</summary>
    public string Encode() => Base64Url.EncodeToString([.. Family, .. Own]);

    /// <summary>Reads what somebody sent; <c>null</c> where it cannot be a token.</summary>
    public static RefreshToken? Decode(string text)
    {
        if (!Base64Url.IsValid(text, out int length) || length != FamilyBytes + OwnBytes) return null;
        byte[] bytes = Base64Url.DecodeFromChars(text);
        return new RefreshToken(bytes[..FamilyBytes], bytes[FamilyBytes..]);
    }
}
