using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>How a profile comes by an account and a session (docs/PROTOCOL.md §5.1, §5.2).</summary>
static class SignIn
{
    const SignatureAlgorithm Ecdsa = SignatureAlgorithm.EcdsaP256Sha256;

    /// <summary>Makes an account with this as its first device, and logs it in.</summary>
    public static async Task<OpenProfile> SignUpAsync(ClientOptions options, SignUp request, CancellationToken cancel)
    {
        Uri server = ServerAddress.Check(request.Server);
        string email = NormalizeEmail(request.Email), handle = Handles.Normalize(request.Handle);
        string? displayName = request.DisplayName is { } typedName ? DisplayNames.Normalize(typedName) : null;
        using Secret password = Password.Normalize(request.Password);
        if (await ResumeSignUpAsync(options, server, email, request.Password, password, cancel).ConfigureAwait(false) is { } resumed) return resumed;

        await using ITransport transport = options.Transport(server);
        SignInApi api = new(new Rest(transport));
        InstanceInfo instance = await api.InstanceAsync(cancel).ConfigureAwait(false);
        PreloginResponse prelogin = await api.PreloginAsync(email, cancel).ConfigureAwait(false);
        KdfParameters kdf = new(KdfParameters.Pbkdf2, Limits.KdfDefault);
        PasswordSecret.Check(kdf, prelogin.Salt, 0);
        using Secret authSecret = await PasswordSecret.DeriveAsync(options.Stretching, password, instance.Id, email, prelogin.Salt, kdf.Iterations).ConfigureAwait(false);

        Profile data = new(ProfilePhase.SigningUp, server, instance.Id, email, kdf.Iterations, options.Crypto.NewId(), handle, displayName, options.Crypto.NewId(), 1);
        using KeyPair accountKey = await options.Crypto.GenerateSignatureKeyPairAsync(Ecdsa).ConfigureAwait(false);
        using KeyPair deviceKey = await options.Crypto.GenerateSignatureKeyPairAsync(Ecdsa).ConfigureAwait(false);
        using Secret historyKey = HistoryKeys.First(options.Crypto);
        DateTimeOffset now = options.Clock.GetUtcNow();
        DeviceCertificate certificate = await Certification.CertifyAsync(
            options.Crypto, accountKey, data.Instance, data.Account, data.Device, deviceKey.PublicKey, now).ConfigureAwait(false);
        DeviceList list = await Certification.ListAsync(options.Crypto, accountKey, data.Instance, data.Account, 1, [certificate], now).ConfigureAwait(false);

        // Keys are stored before the server hears of them: whatever happens to the answer, the account can be opened.
        OpenProfile profile = await OpenProfile.CreateAsync(options, request.Password, data, new StoreBatch()
            .Put(OwnIdentity.AccountKeyAt, OwnIdentity.Encode(accountKey))
            .Put(OwnIdentity.HistoryKeyAt, historyKey.Span.ToArray())
            .Put(OwnIdentity.DeviceKeyAt, OwnIdentity.Encode(deviceKey))
            .Put(OwnIdentity.CertificateAt, certificate.Encode())
            .Put(OwnDevices.ListAt, DeviceListRecord.Encode(list, [certificate])), cancel).ConfigureAwait(false);
        try
        {
            await api.RegisterAsync(new RegisterRequest(email, handle, kdf, authSecret.Span.ToArray(),
                data.Account, accountKey.PublicKey, certificate.Encode(), list.Encode(), request.Invite), cancel).ConfigureAwait(false);
            Session session = await FirstLogInAsync().ConfigureAwait(false);
            await FinishSignUpAsync(profile, api, session, options, cancel).ConfigureAwait(false);
            return profile;
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.WrongCredentials)
        {
            await AbandonAsync(profile, wipe: true).ConfigureAwait(false);
            throw Taken(e);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.InvalidInvite or ErrorCodes.HandleTaken or ErrorCodes.IdTaken or ErrorCodes.Invalid)
        {
            await AbandonAsync(profile, wipe: true).ConfigureAwait(false);
            throw;
        }
        catch
        {
            // The account may exist: the profile stays, and the next sign-up with it finds out.
            await AbandonAsync(profile, wipe: false).ConfigureAwait(false);
            throw;
        }

        async Task<Session> FirstLogInAsync()
        {
            try
            {
                return await PostAsync(options, api, data, deviceKey, null, authSecret, prelogin.Challenge, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.Invalid)
            {
                // The right password of an account that was there before: a device new to it would have to bring a grant key.
                throw Taken(e);
            }
        }
    }

    /// <summary>Logs in on an empty store, as a new device that waits to be approved.</summary>
    public static async Task<OpenProfile> AddDeviceAsync(ClientOptions options, Uri address, string typedEmail, string typedPassword, CancellationToken cancel)
    {
        Uri server = ServerAddress.Check(address);
        string email = NormalizeEmail(typedEmail);
        using Secret password = Password.Normalize(typedPassword);
        await using ITransport transport = options.Transport(server);
        SignInApi api = new(new Rest(transport));
        InstanceInfo instance = await api.InstanceAsync(cancel).ConfigureAwait(false);
        PreloginResponse prelogin = await api.PreloginAsync(email, cancel).ConfigureAwait(false);
        PasswordSecret.Check(prelogin.Kdf, prelogin.Salt, 0);
        using Secret authSecret = await PasswordSecret.DeriveAsync(options.Stretching, password, instance.Id, email, prelogin.Salt, prelogin.Kdf.Iterations).ConfigureAwait(false);

        using KeyPair deviceKey = await options.Crypto.GenerateSignatureKeyPairAsync(Ecdsa).ConfigureAwait(false);
        using KeyPair grantKey = await LinkTranscript.Suite(options.Crypto).GenerateKeyPairAsync().ConfigureAwait(false);
        Profile data = new(ProfilePhase.Waiting, server, instance.Id, email, prelogin.Kdf.Iterations, default, "", null, options.Crypto.NewId(), 1);
        Session session = await PostAsync(options, api, data, deviceKey, grantKey.PublicKey, authSecret, prelogin.Challenge, cancel).ConfigureAwait(false);
        if (session.Device != data.Device || session.Certified) throw ServerErrors.Misbehaves("took this new device for another one");

        data = data with { Account = session.Account };
        OpenProfile profile = await OpenProfile.CreateAsync(options, typedPassword, data, new StoreBatch()
            .Put(OwnIdentity.DeviceKeyAt, OwnIdentity.Encode(deviceKey))
            .Put(OwnIdentity.GrantKeyAt, OwnIdentity.Encode(grantKey)), cancel).ConfigureAwait(false);
        using Tokens tokens = new(api, profile.Store, options.Clock, null, _ => { });
        await tokens.ReplaceAsync(session, cancel).ConfigureAwait(false);
        return profile;
    }

    /// <summary>Opens a new session for the device of an open profile.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.WrongCredentials"/>; <see cref="ErrorCodes.DeviceRemoved"/>; <see cref="ClientErrors.KdfRefused"/>.</exception>
    public static async Task<Session> LogInAsync(ClientOptions options, SignInApi api, OpenProfile profile, string typedPassword, CancellationToken cancel)
    {
        using Secret password = Password.Normalize(typedPassword);
        OwnIdentity own = await OwnIdentity.LoadAsync(profile.Data, profile.Store, cancel).ConfigureAwait(false);
        using (own)
        {
            InstanceInfo instance = await api.InstanceAsync(cancel).ConfigureAwait(false);
            if (instance.Id != profile.Data.Instance)
                throw ServerErrors.Misbehaves("is not the one this account was made on: another one answers at the same address");
            PreloginResponse prelogin = await api.PreloginAsync(profile.Data.Email, cancel).ConfigureAwait(false);
            PasswordSecret.Check(prelogin.Kdf, prelogin.Salt, profile.Data.Iterations);
            using Secret authSecret = await PasswordSecret.DeriveAsync(
                options.Stretching, password, instance.Id, profile.Data.Email, prelogin.Salt, prelogin.Kdf.Iterations).ConfigureAwait(false);
            Session session = await PostAsync(options, api, profile.Data, own.DeviceKey, own.GrantKey?.PublicKey, authSecret, prelogin.Challenge, cancel,
                await KnownAsync(own, profile.Store, cancel).ConfigureAwait(false)).ConfigureAwait(false);
            if (session.Account != profile.Data.Account || session.Device != profile.Data.Device) throw ServerErrors.Misbehaves("answered with somebody else's session");
            if (own.Certificate is not null && !session.Certified) throw ServerErrors.For(ErrorCodes.DeviceRemoved);
            await profile.SaveAsync(data => data with { Iterations = prelogin.Kdf.Iterations }, new StoreBatch(), cancel).ConfigureAwait(false);
            return session;
        }
    }

    // A server that was put back to a backup may know neither this device nor the newest list: the account has signed both.
    static async Task<KnownDevices?> KnownAsync(OwnIdentity own, IClientStore store, CancellationToken cancel) =>
        !own.IsWaiting && await store.GetAsync(OwnDevices.ListAt, cancel).ConfigureAwait(false) is { } list ? DeviceListRecord.Read(list) : null;

    /// <summary>The one spelling of an address.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>.</exception>
    public static string NormalizeEmail(string typed) => EmailAddress.TryNormalize(typed, out string? email)
        ? email
        : throw new KavalekException(ErrorCodes.Invalid, "That is not an e-mail address. It looks like name@example.org.");

    /// <summary>A sign-up whose end got lost: if the server has it, it is finished here; if not, the profile is emptied for a new one.</summary>
    static async Task<OpenProfile?> ResumeSignUpAsync(
        ClientOptions options, Uri server, string email, string typedPassword, Secret password, CancellationToken cancel)
    {
        if (await options.Store.GetAsync(Wallet.Key, cancel).ConfigureAwait(false) is null)
        {
            // What a crash left before the wallet was written cannot be opened by anybody.
            await options.Store.ApplyAsync(new StoreBatch().DeleteRange(" ", "\u007f"), cancel).ConfigureAwait(false);
            return null;
        }
        OpenProfile profile;
        try
        {
            profile = await OpenProfile.UnlockAsync(options, typedPassword, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ClientErrors.WrongPassword)
        {
            throw InUse(e);
        }
        Profile data = profile.Data;
        if (data.Phase != ProfilePhase.SigningUp || data.Server != server || data.Email != email)
        {
            await profile.DropKeysAsync().ConfigureAwait(false);
            throw InUse();
        }
        await using ITransport transport = options.Transport(server);
        SignInApi api = new(new Rest(transport));
        try
        {
            Session session = await LogInAsync(options, api, profile, typedPassword, cancel).ConfigureAwait(false);
            await FinishSignUpAsync(profile, api, session, options, cancel).ConfigureAwait(false);
            return profile;
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.WrongCredentials or ErrorCodes.DeviceRemoved)
        {
            await AbandonAsync(profile, wipe: true).ConfigureAwait(false);
            return null;
        }
        catch
        {
            await profile.DropKeysAsync().ConfigureAwait(false);
            throw;
        }
    }

    static async Task FinishSignUpAsync(OpenProfile profile, SignInApi api, Session session, ClientOptions options, CancellationToken cancel)
    {
        // The address had an account already, with this very password: then this is just another device of it.
        if (!session.Certified || session.Account != profile.Data.Account) throw ServerErrors.For(ErrorCodes.WrongCredentials);
        using Tokens tokens = new(api, profile.Store, options.Clock, null, _ => { });
        await tokens.ReplaceAsync(session, cancel).ConfigureAwait(false);
        await profile.SaveAsync(data => data with { Phase = ProfilePhase.Active }, new StoreBatch(), cancel).ConfigureAwait(false);
    }

    static async Task<Session> PostAsync(ClientOptions options, SignInApi api, Profile data, KeyPair deviceKey, byte[]? grantKey,
        Secret authSecret, byte[] challenge, CancellationToken cancel, KnownDevices? known = null)
    {
        LogIn proof = new(data.Instance, data.Email, data.Device, deviceKey.PublicKey, challenge, SHA256.HashData(authSecret.Span));
        byte[] signature = await options.Crypto.SignAsync(Ecdsa, deviceKey.PrivateKey, proof.SignedBytes()).ConfigureAwait(false);
        return await api.LogInAsync(new LogInRequest(
            data.Email, authSecret.Span.ToArray(), challenge, data.Device, deviceKey.PublicKey, signature, grantKey, known), cancel).ConfigureAwait(false);
    }

    static async Task AbandonAsync(OpenProfile profile, bool wipe)
    {
        if (wipe) await profile.WipeAsync().ConfigureAwait(false);
        await profile.DropKeysAsync().ConfigureAwait(false);
    }

    static KavalekException Taken(KavalekException e) => new(ErrorCodes.WrongCredentials,
        "No account was made: this e-mail address has one here already. Log in with it instead; for another address ask for a new invite, this one is spent.", inner: e);

    static KavalekException InUse(Exception? inner = null) => new(ClientErrors.ProfileInUse,
        "This profile belongs to an account already. Choose another profile for a second account, or log in.", inner: inner);
}
