using System.Buffers.Binary;
using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using HashAlgorithm = Kavalek.Mls.HashAlgorithm;

namespace Kavalek.Client;

/// <summary>
/// The account's secrets under a recovery key, as the server keeps them (docs/PROTOCOL.md §5.6): bound to their owner, their purpose and their number.
/// </summary>
sealed record Vault(ulong Number, byte[] Salt, byte[] Commitment, byte[] Sealed)
{
    /// <summary>Bytes of an encoded vault.</summary>
    public const int EncodedBytes = HeaderBytes + CommitmentBytes + SealedBytes;

    const ushort Version = 1;
    const int SaltBytes = 16;
    const int HeaderBytes = 2 + 8 + SaltBytes;
    const int CommitmentBytes = 32;
    const int SealedBytes = AccountSecrets.EncodedBytes + CipherSuite.TagLength;

    /// <summary>Seals the secrets of an account under a recovery key.</summary>
    public static async Task<Vault> SealAsync(ICryptoProvider crypto, RecoveryKey recoveryKey, Id instance, Id account, ulong number, AccountSecrets secrets)
    {
        byte[] salt = new byte[SaltBytes];
        crypto.Random(salt);
        Vault vault = new(number, salt, [], []);
        using Secret extracted = vault.Extract(crypto, recoveryKey);
        using Secret key = Key(crypto, extracted, out byte[] nonce);
        using Secret encoded = secrets.Encode();
        return vault with
        {
            Commitment = Commit(crypto, extracted),
            Sealed = await crypto.SealAsync(AeadAlgorithm.Aes256Gcm, key, nonce, vault.Bound(instance, account), encoded.Memory).ConfigureAwait(false),
        };
    }

    /// <summary>Gives the secrets back.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongRecoveryKey"/>; <see cref="ClientErrors.VaultRefused"/>: the vault is of another account or was changed.</exception>
    public async Task<AccountSecrets> OpenAsync(ICryptoProvider crypto, RecoveryKey recoveryKey, Id instance, Id account)
    {
        using Secret extracted = Extract(crypto, recoveryKey);
        // First the commitment: AES-GCM alone would let one vault open under two recovery keys.
        if (!CryptographicOperations.FixedTimeEquals(Commit(crypto, extracted), Commitment))
            throw new KavalekException(ClientErrors.WrongRecoveryKey,
                "That is not the recovery key of this account. If you made a new one since, use that: the old one opens nothing any more. Nothing was changed.");
        using Secret key = Key(crypto, extracted, out byte[] nonce);
        byte[] opened = await crypto.OpenAsync(AeadAlgorithm.Aes256Gcm, key, nonce, Bound(instance, account), Sealed).ConfigureAwait(false)
            ?? throw Refused("is of another account, or was changed");
        using Secret encoded = Secret.Own(opened);
        return AccountSecrets.Decode(encoded) ?? throw Refused("holds something this program does not know");
    }

    /// <summary>The bytes that the server keeps.</summary>
    public byte[] Encode() => [.. Header(), .. Commitment, .. Sealed];

    /// <summary>Reads a vault. Nothing in it is believed before <see cref="OpenAsync"/>.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.VaultRefused"/>.</exception>
    public static Vault Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != EncodedBytes || BinaryPrimitives.ReadUInt16BigEndian(bytes) != Version) throw Refused("cannot be read");
        return new Vault(BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), bytes.Slice(10, SaltBytes).ToArray(),
            bytes.Slice(HeaderBytes, CommitmentBytes).ToArray(), bytes[^SealedBytes..].ToArray());
    }

    /// <summary>The server's vault is not to be believed.</summary>
    public static KavalekException Refused(string why) => new(ClientErrors.VaultRefused,
        $"What the server keeps for your recovery key {why}. It was refused. Make a new recovery key on a device you have; if it happens again, tell whoever runs the server.");

    byte[] Header()
    {
        byte[] header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt16BigEndian(header, Version);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(2), Number);
        Salt.CopyTo(header.AsSpan(10));
        return header;
    }

    byte[] Bound(Id instance, Id account) => [.. "kavalek/v1/vault"u8, .. instance.ToArray(), .. account.ToArray(), .. Header()];

    Secret Extract(ICryptoProvider crypto, RecoveryKey recoveryKey)
    {
        byte[] extracted = new byte[32];
        crypto.HkdfExtract(HashAlgorithm.Sha256, Salt, recoveryKey.Secret.Span, extracted);
        return Secret.Own(extracted);
    }

    static byte[] Commit(ICryptoProvider crypto, Secret extracted)
    {
        byte[] commitment = new byte[CommitmentBytes];
        crypto.HkdfExpand(HashAlgorithm.Sha256, extracted.Span, "kavalek/v1/vault/commitment"u8, commitment);
        return commitment;
    }

    // The nonce follows from the fresh salt like the key: no pair of the two is ever used twice.
    static Secret Key(ICryptoProvider crypto, Secret extracted, out byte[] nonce)
    {
        byte[] key = new byte[32];
        nonce = new byte[CipherSuite.NonceLength];
        crypto.HkdfExpand(HashAlgorithm.Sha256, extracted.Span, "kavalek/v1/vault/key"u8, key);
        crypto.HkdfExpand(HashAlgorithm.Sha256, extracted.Span, "kavalek/v1/vault/nonce"u8, nonce);
        return Secret.Own(key);
    }
}
