using System.Buffers.Binary;
using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>Whether the account has a recovery key.</summary>
public enum RecoveryState
{
    /// <summary>Not asked yet.</summary>
    Unknown,
    /// <summary>There is none: who loses all devices loses the account's history.</summary>
    Missing,
    /// <summary>There is one.</summary>
    Present,
    /// <summary>The server shows an older vault than before, or one that the account did not sign: the recovery key may not work.</summary>
    Refused,
}

/// <summary>
/// Watches the vault that no device can open: its number only grows, and the account has signed it (docs/PROTOCOL.md §5.6). What was seen is pinned
/// in the sealed store, so a restart forgets nothing.
/// </summary>
sealed class VaultWatch(OwnIdentity own, IClientStore store, ICryptoProvider crypto, AuthApi api, EventHub events)
{
    /// <summary>Where number and hash of the newest vault are stored.</summary>
    public const string PinAt = "account/vault";

    const int HashBytes = 32;

    RecoveryState _state;

    /// <summary>What the server showed last.</summary>
    public RecoveryState State => _state;

    /// <summary>A pin's bytes.</summary>
    public static byte[] Pin(ulong number, byte[] hash)
    {
        byte[] pin = new byte[8 + HashBytes];
        BinaryPrimitives.WriteUInt64BigEndian(pin, number);
        hash.CopyTo(pin.AsSpan(8));
        return pin;
    }

    /// <summary>Takes what the server shows; what is to be refused is said once, and changes nothing here.</summary>
    public async Task TakeAsync(VaultState? shown, CancellationToken cancel)
    {
        RecoveryState before = _state;
        _state = await JudgeAsync(shown, cancel).ConfigureAwait(false);
        if (_state == RecoveryState.Refused && before != RecoveryState.Refused)
            events.Publish(new Notice(Vault.Refused("is not what your devices stored there, but older or somebody else's").Message));
    }

    /// <summary>Puts the account's secrets under a new recovery key; the old one opens nothing from then on.</summary>
    /// <exception cref="KavalekException">The server's; the old one is in force still.</exception>
    public async Task ReplaceAsync(RecoveryKey recoveryKey, CancellationToken cancel)
    {
        for (int attempt = 0; ; attempt++)
        {
            await TakeAsync((await api.DevicesAsync(cancel).ConfigureAwait(false)).Vault, cancel).ConfigureAwait(false);
            // What was refused is replaced, too: after the newest that was seen, whatever the server counts.
            VaultRecord next = await SealAsync(recoveryKey, Number(await PinnedAsync(cancel).ConfigureAwait(false)) + 1, own.Certified().AccountKey).ConfigureAwait(false);
            try
            {
                await api.PutVaultAsync(next, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.StaleVault && attempt < 3)
            {
                // Either another device was quicker, or this very vault arrived before and the answer got lost.
                continue;
            }
            await store.ApplyAsync(new StoreBatch().Put(PinAt, Pin(next.Number, SHA256.HashData(next.Vault))), CancellationToken.None).ConfigureAwait(false);
            _state = RecoveryState.Present;
            return;
        }
    }

    /// <summary>A vault of this number, signed by <paramref name="accountKey"/>, with it inside.</summary>
    public async Task<VaultRecord> SealAsync(RecoveryKey recoveryKey, ulong number, KeyPair accountKey)
    {
        using AccountSecrets held = own.Secrets();
        using AccountSecrets secrets = held with { AccountKey = accountKey.PrivateKey.Clone(), Head = await ArchiveHead.ReadAsync(store, default).ConfigureAwait(false) };
        byte[] vault = (await Vault.SealAsync(crypto, recoveryKey, own.Instance, own.Account, number, secrets).ConfigureAwait(false)).Encode();
        byte[] signed = new VaultStatement(own.Instance, own.Account, number, SHA256.HashData(vault)).SignedBytes();
        return new VaultRecord(number, vault, await crypto.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, accountKey.PrivateKey, signed).ConfigureAwait(false));
    }

    async Task<RecoveryState> JudgeAsync(VaultState? shown, CancellationToken cancel)
    {
        byte[]? pin = await PinnedAsync(cancel).ConfigureAwait(false);
        if (shown is null) return pin is null ? RecoveryState.Missing : RecoveryState.Refused;
        ulong known = Number(pin);
        bool same = pin is not null && shown.Number == known && shown.Hash.AsSpan().SequenceEqual(pin.AsSpan(8));
        if (same) return RecoveryState.Present;
        if (shown.Number <= known || shown.Hash.Length != HashBytes) return RecoveryState.Refused;
        VaultStatement statement = new(own.Instance, own.Account, shown.Number, shown.Hash);
        if (!await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, own.PublicAccountKey, statement.SignedBytes(), shown.Signature).ConfigureAwait(false))
            return RecoveryState.Refused;
        await store.ApplyAsync(new StoreBatch().Put(PinAt, Pin(shown.Number, shown.Hash)), cancel).ConfigureAwait(false);
        return RecoveryState.Present;
    }

    ValueTask<byte[]?> PinnedAsync(CancellationToken cancel) => store.GetAsync(PinAt, cancel);

    static ulong Number(byte[]? pin) => pin is null ? 0 : BinaryPrimitives.ReadUInt64BigEndian(pin);
}
