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
    /// <summary>Bytes of an encoded vault, with the fewest history keys and with the most.</summary>
    public const int FewestBytes = AroundBytes + AccountSecrets.FewestBytes, MostBytes = AroundBytes + AccountSecrets.MostBytes;

    const ushort Version = 1;
    const int SaltBytes = 16;
    const int HeaderBytes = 2 + 8 + SaltBytes;
    const int CommitmentBytes = CommittedKey.CommitmentBytes;
    const int AroundBytes = HeaderBytes + CommitmentBytes + CipherSuite.TagLength;

    /// <summary>Seals the secrets of an account under a recovery key.</summary>
    public static async Task<Vault> SealAsync(ICryptoProvider crypto, RecoveryKey recoveryKey, Id instance, Id account, ulong number, AccountSecrets secrets)
    {
        byte[] salt = new byte[SaltBytes];
        crypto.Random(salt);
        Vault vault = new(number, salt, [], []);
        using CommittedKey key = vault.KeyOf(crypto, recoveryKey);
        using Secret encoded = secrets.Encode();
        return vault with
        {
            Commitment = key.Commitment,
            Sealed = await crypto.SealAsync(AeadAlgorithm.Aes256Gcm, key.Key, key.Nonce, vault.Bound(instance, account), encoded.Memory).ConfigureAwait(false),
        };
    }

    /// <summary>Gives the secrets back.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongRecoveryKey"/>; <see cref="ClientErrors.VaultRefused"/>: the vault is of another account or was changed.</exception>
    public async Task<AccountSecrets> OpenAsync(ICryptoProvider crypto, RecoveryKey recoveryKey, Id instance, Id account)
    {
        using CommittedKey key = KeyOf(crypto, recoveryKey);
        if (!CryptographicOperations.FixedTimeEquals(key.Commitment, Commitment))
            throw new KavalekException(ClientErrors.WrongRecoveryKey,
                "That is not the recovery key of this account. If you made a new one since, use that: the old one opens nothing any more. Nothing was changed.");
        byte[] opened = await crypto.OpenAsync(AeadAlgorithm.Aes256Gcm, key.Key, key.Nonce, Bound(instance, account), Sealed).ConfigureAwait(false)
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
        if (bytes.Length is < FewestBytes or > MostBytes || BinaryPrimitives.ReadUInt16BigEndian(bytes) != Version) throw Refused("cannot be read");
        return new Vault(BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), bytes.Slice(10, SaltBytes).ToArray(),
            bytes.Slice(HeaderBytes, CommitmentBytes).ToArray(), bytes[(HeaderBytes + CommitmentBytes)..].ToArray());
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

    CommittedKey KeyOf(ICryptoProvider crypto, RecoveryKey recoveryKey)
    {
        byte[] bytes = new byte[32];
        crypto.HkdfExtract(HashAlgorithm.Sha256, Salt, recoveryKey.Secret.Span, bytes);
        using Secret extracted = Secret.Own(bytes);
        return CommittedKey.Derive(crypto, extracted, "vault");
    }
}
