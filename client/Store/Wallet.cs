using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// What opens a profile (<c>docs/STORE.md</c>): a random store key, wrapped by a key that follows from the password and a salt that
/// never leaves the device.
/// </summary>
sealed record Wallet(int Iterations, byte[] Salt, string Server, byte[] Commitment, byte[] Wrapped)
{
    /// <summary>Where it stands in the store, unsealed.</summary>
    public const string Key = "wallet";

    /// <summary>Where the wallet of a new password stands while the server is asked to change it, unsealed.</summary>
    public const string NextKey = "wallet/next";

    const ushort Version = 1;
    const int SaltBytes = 16;
    const int CommitmentBytes = CommittedKey.CommitmentBytes;
    const string Purpose = "wallet";
    const int WrappedBytes = 32 + CipherSuite.TagLength;
    const int MaximumServerBytes = 2048;

    /// <summary>Wraps <paramref name="storeKey"/> under a password, with a fresh salt.</summary>
    public static async Task<Wallet> WrapAsync(
        ICryptoProvider crypto, IPasswordStretching stretching, Secret storeKey, string password, int iterations, string server)
    {
        byte[] salt = new byte[SaltBytes];
        crypto.Random(salt);
        using Secret typed = Password.Normalize(password);
        using Secret stretched = await stretching.StretchAsync(typed, salt, iterations, Password.StretchedBytes).ConfigureAwait(false);
        using CommittedKey key = CommittedKey.Derive(crypto, stretched, Purpose);
        Wallet wallet = new(iterations, salt, server, key.Commitment, []);
        return wallet with { Wrapped = await crypto.SealAsync(AeadAlgorithm.Aes256Gcm, key.Key, key.Nonce, wallet.Header(), storeKey.Memory).ConfigureAwait(false) };
    }

    /// <summary>Gives the store key back.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongPassword"/>; <see cref="ClientErrors.ProfileDamaged"/>.</exception>
    public async Task<Secret> OpenAsync(ICryptoProvider crypto, IPasswordStretching stretching, string password)
    {
        using Secret typed = Typed(password);
        using Secret stretched = await stretching.StretchAsync(typed, Salt, Iterations, Password.StretchedBytes).ConfigureAwait(false);
        using CommittedKey key = CommittedKey.Derive(crypto, stretched, Purpose);
        if (!CryptographicOperations.FixedTimeEquals(key.Commitment, Commitment)) throw Wrong();
        return await crypto.OpenAsync(AeadAlgorithm.Aes256Gcm, key.Key, key.Nonce, Header(), Wrapped).ConfigureAwait(false) is { } storeKey ? Secret.Own(storeKey) : throw Damaged();
    }

    /// <summary>The bytes of the wallet.</summary>
    public byte[] Encode() => [.. Header(), .. Commitment, .. Wrapped];

    /// <summary>Reads a wallet. Nothing in it is believed before <see cref="OpenAsync"/>.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ProfileDamaged"/>.</exception>
    public static Wallet Decode(ReadOnlySpan<byte> bytes)
    {
        const int fixedBytes = 2 + 4 + SaltBytes + 2;
        if (bytes.Length < fixedBytes || BinaryPrimitives.ReadUInt16BigEndian(bytes) != Version) throw Damaged();
        uint iterations = BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);
        int serverBytes = BinaryPrimitives.ReadUInt16BigEndian(bytes[(fixedBytes - 2)..]);
        // The ceiling keeps a changed file from keeping this machine busy for days. A floor would protect nothing here.
        if (iterations is 0 or > Limits.KdfCeiling || serverBytes > MaximumServerBytes) throw Damaged();
        if (bytes.Length != fixedBytes + serverBytes + CommitmentBytes + WrappedBytes) throw Damaged();
        return new Wallet((int)iterations, bytes.Slice(6, SaltBytes).ToArray(), Encoding.UTF8.GetString(bytes.Slice(fixedBytes, serverBytes)),
            bytes.Slice(fixedBytes + serverBytes, CommitmentBytes).ToArray(), bytes[^WrappedBytes..].ToArray());
    }

    byte[] Header()
    {
        byte[] server = Encoding.UTF8.GetBytes(Server);
        byte[] header = new byte[2 + 4 + SaltBytes + 2 + server.Length];
        BinaryPrimitives.WriteUInt16BigEndian(header, Version);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(2), Iterations);
        Salt.CopyTo(header.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6 + SaltBytes), (ushort)server.Length);
        server.CopyTo(header.AsSpan(8 + SaltBytes));
        return header;
    }

    // Whatever could not be a password cannot be the one that opens this.
    static Secret Typed(string password)
    {
        try
        {
            return Password.Normalize(password);
        }
        catch (KavalekException e) when (e.Code == ClientErrors.UnsuitablePassword)
        {
            throw Wrong();
        }
    }

    static KavalekException Wrong() => new(ClientErrors.WrongPassword, "That is not the password of this profile. Nothing was changed; try again.");

    static KavalekException Damaged() => new(ClientErrors.ProfileDamaged,
        "This profile's wallet is damaged or was changed. Restore it from a backup, or log in on a new profile.");
}
