using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>What changes the account as a whole, each with the password asked for once more (docs/PROTOCOL.md §5.7, §5.10).</summary>
sealed class WholeAccount(ClientOptions options, OwnIdentity own, OpenProfile profile, SignInApi signIn, AuthApi api, Joining joining)
{
    /// <summary>
    /// A new password for the account, and for this device's wallet. Killed at any instruction, the profile opens with the old or with the new
    /// password: the wallet is there under both while the server is asked.
    /// </summary>
    public async Task ChangePasswordAsync(string typedCurrent, string typedNext, CancellationToken cancel)
    {
        using Secret next = Password.Normalize(typedNext);
        PreloginResponse prelogin = await signIn.PreloginAsync(profile.Data.Email, cancel).ConfigureAwait(false);
        using Secret current = await DeriveAsync(typedCurrent, prelogin).ConfigureAwait(false);
        using Secret nextSecret = await PasswordSecret.DeriveAsync(options.Stretching, next, profile.Data.Instance, profile.Data.Email, prelogin.Salt, Limits.KdfDefault).ConfigureAwait(false);
        await profile.PreparePasswordAsync(typedNext, options.WalletIterations, cancel).ConfigureAwait(false);
        try
        {
            await api.ChangePasswordAsync(new ChangePassword(
                current.Span.ToArray(), new KdfParameters(KdfParameters.Pbkdf2, Limits.KdfDefault), nextSecret.Span.ToArray()), cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.NothingChanged)
        {
            await profile.DropPreparedPasswordAsync().ConfigureAwait(false);
            throw e.Code == ErrorCodes.WrongCredentials
                ? new KavalekException(ErrorCodes.WrongCredentials, "That is not your present password. Nothing was changed.", inner: e)
                : e;
        }
        catch (KavalekException e)
        {
            throw new KavalekException(e.Code,
                "The connection broke before the server answered, so it is not known whether the password was changed. This device opens with either; log in with the new one, and if that is refused with the old one.",
                nothingChanged: false, e);
        }
        await profile.TakePreparedPasswordAsync().ConfigureAwait(false);
        await profile.SaveAsync(data => data with { Iterations = Limits.KdfDefault }, new StoreBatch(), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Begins the account afresh with this waiting device alone.</summary>
    public async Task BeginAfreshAsync(string typedPassword, CancellationToken cancel)
    {
        if (!own.IsWaiting) throw new KavalekException(ErrorCodes.Invalid, "This device is in your account, so there is nothing to begin afresh. Nothing was changed.");
        PreloginResponse prelogin = await signIn.PreloginAsync(profile.Data.Email, cancel).ConfigureAwait(false);
        using Secret secret = await DeriveAsync(typedPassword, prelogin).ConfigureAwait(false);
        OwnDevice state = await api.OwnDeviceAsync(cancel).ConfigureAwait(false);
        using KeyPair accountKey = await options.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256).ConfigureAwait(false);
        using Secret historyKey = HistoryKeys.First(options.Crypto);
        DateTimeOffset now = options.Clock.GetUtcNow();
        DeviceCertificate certificate = await Certification.CertifyAsync(
            options.Crypto, accountKey, own.Instance, own.Account, own.Device, own.DeviceKey.PublicKey, now).ConfigureAwait(false);
        DeviceList list = await Certification.ListAsync(
            options.Crypto, accountKey, own.Instance, own.Account, NumberOf(state) + 1, [certificate], now).ConfigureAwait(false);
        // Stored first: whatever becomes of the answer, the next start finds the key of what was begun.
        await profile.Store.ApplyAsync(new StoreBatch()
            .Put(OwnIdentity.AccountKeyAt, OwnIdentity.Encode(accountKey))
            .Put(OwnIdentity.HistoryKeyAt, historyKey.Span.ToArray()), cancel).ConfigureAwait(false);
        await api.ResetAccountAsync(new ResetAccount(secret.Span.ToArray(), accountKey.PublicKey, certificate.Encode(), list.Encode()), cancel).ConfigureAwait(false);
        if (!await joining.TryFinishAsync(cancel).ConfigureAwait(false)) throw ServerErrors.Misbehaves("said that the account was begun afresh, and does not show it");
    }

    /// <summary>Deletes the account on the server; or, with <paramref name="check"/>, only asks whether it would.</summary>
    public async Task DeleteAsync(string typedPassword, bool check, CancellationToken cancel)
    {
        using Secret secret = await DeriveAsync(typedPassword, await signIn.PreloginAsync(profile.Data.Email, cancel).ConfigureAwait(false)).ConfigureAwait(false);
        await api.DeleteAccountAsync(new DeleteAccount(secret.Span.ToArray(), check), cancel).ConfigureAwait(false);
    }

    /// <summary>The password once more, for the dashboard.</summary>
    public async Task<AdminSession> OpenDashboardAsync(string typedPassword, CancellationToken cancel)
    {
        using Secret secret = await DeriveAsync(typedPassword, await signIn.PreloginAsync(profile.Data.Email, cancel).ConfigureAwait(false)).ConfigureAwait(false);
        return await api.OpenAdminAsync(new OpenAdminSession(secret.Span.ToArray()), cancel).ConfigureAwait(false);
    }

    async Task<Secret> DeriveAsync(string typed, PreloginResponse prelogin)
    {
        PasswordSecret.Check(prelogin.Kdf, prelogin.Salt, profile.Data.Iterations);
        using Secret password = Password.Normalize(typed);
        return await PasswordSecret.DeriveAsync(options.Stretching, password, profile.Data.Instance, profile.Data.Email, prelogin.Salt, prelogin.Kdf.Iterations).ConfigureAwait(false);
    }

    // Signed by a key that is about to be forgotten: only the server cares for the number.
    static ulong NumberOf(OwnDevice state)
    {
        try
        {
            return DeviceList.Decode(state.DeviceList).Content.Number;
        }
        catch (FormatException e)
        {
            throw ServerErrors.Misbehaves("shows a device list that cannot be read", e);
        }
    }
}
