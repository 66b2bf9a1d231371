using System.Collections.Concurrent;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>A person's verified devices, of the newest device list.</summary>
/// <param name="Contact">Who.</param>
/// <param name="ListNumber">The number of the device list.</param>
/// <param name="Certificates">The certificates in force.</param>
sealed record CertifiedAccount(Contact Contact, ulong ListNumber, IReadOnlyList<DeviceCertificate> Certificates);

/// <summary>A key package that passed every check: of a device in force, of the pinned account key.</summary>
sealed record ClaimedDevice(DeviceCertificate Certificate, KeyPackage KeyPackage);

/// <summary>Everybody this device knows: accounts as the server shows them, verified, and pinned at first sight (docs/PROTOCOL.md §3.4).</summary>
sealed class People(OwnIdentity own, Uri server, IClientStore store, MlsEnvironment mls, AuthApi api, EventHub events, TimeProvider clock) : IDisposable
{
    readonly ConcurrentDictionary<Id, Pin> _pins = new();
    readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Reads the stored pins.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        foreach (StoreEntry entry in await store.ScanAsync(StoreRange.Prefix(Pin.Prefix), cancel).ConfigureAwait(false))
        {
            Pin pin = Pin.Decode(entry.Value);
            _pins[pin.Account] = pin;
        }
    }

    /// <summary>Those on the list of contacts, by name.</summary>
    public IReadOnlyList<Contact> Contacts => [.. _pins.Values.Where(pin => pin.IsAdded).Select(View).OrderBy(c => c.Name, StringComparer.CurrentCultureIgnoreCase)];

    /// <summary>Somebody pinned; <c>null</c> for a stranger, and for the own account.</summary>
    public Contact? Find(Id account) => _pins.TryGetValue(account, out Pin? pin) ? View(pin) : null;

    /// <summary>Somebody as a leaf of a conversation shows them: with its key, whatever they are known by elsewhere.</summary>
    public Contact? FindAs(Id account, byte[] key) =>
        !_pins.TryGetValue(account, out Pin? pin) ? null : View(IsDoubtful(account, key) ? pin with { ChangedKey = key } : pin);

    /// <summary>Whether somebody known goes by a key in a leaf that nobody but a committer has vouched for.</summary>
    public bool IsDoubtful(Id account, byte[] key) =>
        _pins.TryGetValue(account, out Pin? pin) && !pin.Has(key) && !(pin.ChangedKey is { } changed && changed.AsSpan().SequenceEqual(key));

    /// <summary>Those met in conversations only, whose handle nobody has asked for yet.</summary>
    public IReadOnlyList<Id> Nameless => [.. _pins.Values.Where(pin => pin.Handle.Length == 0).Select(pin => pin.Account)];

    /// <summary>Asks the directory for a handle, verifies and pins.</summary>
    /// <exception cref="KavalekException">
    /// <see cref="ErrorCodes.NotFound"/>; <see cref="ClientErrors.KeyChanged"/>: the handle leads to another account than the contact it belongs to.
    /// </exception>
    public async Task<Contact> FindAsync(string handle, CancellationToken cancel)
    {
        string name = Handles.Normalize(handle);
        AccountRecord record = await api.FindAsync(name, cancel).ConfigureAwait(false);
        if (record.Handle != name) throw ServerErrors.Misbehaves("answered with somebody else");
        // Else a server could put a stranger in a known person's place, with a key that is simply new.
        if (_pins.Values.Any(pin => pin.Handle == name && pin.IsAdded && pin.Account != record.Account))
            throw new KavalekException(ClientErrors.KeyChanged,
                $"@{name} now leads to another account than the @{name} you know. Ask them whether they made a new account before you write to it.");
        return (await TakeAsync(record, record.Account, cancel).ConfigureAwait(false)).Contact;
    }

    /// <summary>
    /// Fetches an account, verifies its list and certificates, and refuses a list older than the newest one seen. A different account
    /// key is recorded as a change and its devices are not returned.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.KeyChanged"/>, <see cref="ClientErrors.DeviceListRefused"/>, or the server's.</exception>
    public async Task<CertifiedAccount> RefreshAsync(Id account, CancellationToken cancel)
    {
        CertifiedAccount found = await TakeAsync(await api.AccountAsync(account, cancel).ConfigureAwait(false), account, cancel).ConfigureAwait(false);
        return found.Contact.Trust is Trust.Changed or Trust.VerifiedChanged ? throw Changed(found.Contact) : found;
    }

    /// <summary>Claims one key package of each device of the account, and checks all of it. Devices without a valid one are left out.</summary>
    /// <exception cref="KavalekException">As <see cref="RefreshAsync"/>.</exception>
    public async Task<IReadOnlyList<ClaimedDevice>> ClaimAsync(Id account, CancellationToken cancel)
    {
        IReadOnlyList<DeviceCertificate> inForce = account == own.Account
            ? await OwnDevicesAsync(cancel).ConfigureAwait(false)
            : (await RefreshAsync(account, cancel).ConfigureAwait(false)).Certificates;
        ClaimedKeyPackages claimed = await api.ClaimAsync(account, cancel).ConfigureAwait(false);
        Dictionary<Id, ClaimedDevice> valid = [];
        foreach (ClaimedKeyPackage item in claimed.KeyPackages)
            if (await CheckAsync(item, inForce).ConfigureAwait(false) is { } device) valid.TryAdd(item.Device, device);
        return [.. valid.Values];
    }

    /// <summary>
    /// Takes note of a certificate seen in a leaf, which MLS has validated: pins a stranger's key. Another key of somebody known is recorded as a change
    /// only where the directory bears it out: any committer can make up a certificate. The handle of a stranger is empty until <see cref="RefreshAsync"/>.
    /// </summary>
    public Task<Contact> ObserveAsync(DeviceCertificate certificate, bool borneOut, CancellationToken cancel)
    {
        DeviceCertificateContent content = certificate.Content;
        return ChangeAsync(content.Account, pin => pin is null
            ? new Pin(content.Account, "", content.AccountKey, PinSource.Conversation)
            : borneOut ? See(pin, content.AccountKey) : pin, cancel);
    }

    /// <summary>
    /// Whether the directory shows the key of a certificate that a stranger's conversation brought. Anybody can sign one for somebody else's
    /// account with a key of their own; only with the server's word may it stand for a key that is new. Known keys are not asked for, as long as no other one was seen since:
    /// who lost a device has another key, and the old one is in somebody else's hands.
    /// </summary>
    /// <exception cref="KavalekException">The server's, but for an account that does not exist.</exception>
    public async Task<bool> IsBorneOutAsync(DeviceCertificate certificate, CancellationToken cancel)
    {
        DeviceCertificateContent content = certificate.Content;
        if (content.Account == own.Account || (_pins.TryGetValue(content.Account, out Pin? pin) && pin.Has(content.AccountKey) && pin.ChangedKey is null)) return true;
        try
        {
            AccountRecord record = await api.AccountAsync(content.Account, cancel).ConfigureAwait(false);
            return record.Account == content.Account && record.AccountKey.AsSpan().SequenceEqual(content.AccountKey);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            return false;
        }
    }

    /// <summary>
    /// Marks a person as verified, if the number is theirs. Where their key changed, the number says which of the two is right: that of
    /// the new key accepts it, that of the old one takes the change for the lie it was.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.SafetyNumberMismatch"/>.</exception>
    public Task<Contact> VerifyAsync(Id account, string compared, CancellationToken cancel) => ChangeAsync(account, pin =>
    {
        Pin known = Known(pin);
        Pin right = View(known).SafetyNumber.Matches(compared) ? Accepted(known)
            : NumberOf(known, known.Key).Matches(compared) ? known with { ChangedKey = null }
            : throw new KavalekException(ClientErrors.SafetyNumberMismatch,
                $"The numbers do not match, so {View(known).Name} was not marked as verified. Compare again; if they still differ, somebody may be reading along: do not write anything secret.");
        return right with { IsVerified = true, Source = PinSource.Person };
    }, cancel);

    /// <summary>Accepts the changed key of a person, who is unverified then.</summary>
    public Task<Contact> AcceptKeyAsync(Id account, CancellationToken cancel) => ChangeAsync(account, pin => Accepted(Known(pin)), cancel);

    /// <summary>Adds the person of a contact link, verified.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.SafetyNumberMismatch"/>: the server shows another key than the link.</exception>
    public async Task<Contact> AddAsync(ContactLink link, CancellationToken cancel)
    {
        if (link.Server != server)
            throw new KavalekException(ClientErrors.InvalidLink, $"This person is on {link.Server.Host}, and you are on {server.Host}. Servers are not connected to each other.");
        if (link.Account == own.Account) throw new KavalekException(ClientErrors.InvalidLink, "This is your own contact link. Give it to others.");
        AccountRecord record = await api.AccountAsync(link.Account, cancel).ConfigureAwait(false);
        if (!link.Names(record.AccountKey))
            throw new KavalekException(ClientErrors.SafetyNumberMismatch,
                "The server shows another key for this person than the link. Either the link is old, or somebody stands between you: ask them for a new link, in person.");
        await TakeAsync(record, link.Account, cancel).ConfigureAwait(false);
        return await ChangeAsync(link.Account, pin => (link.Names(Known(pin).Key) ? Known(pin) : Accepted(Known(pin))) with
        {
            IsVerified = true,
            IsAdded = true,
            Source = PinSource.Person,
        }, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes over a pin that another own device wrote into the archive, where this one has none: so the server cannot show a new device other people than the
    /// old ones knew.
    /// </summary>
    public async Task LearnAsync(Pin pin, CancellationToken cancel)
    {
        if (pin.Account == own.Account || _pins.ContainsKey(pin.Account)) return;
        await ChangeAsync(pin.Account, known => known ?? (Free(pin.Handle, pin.Account) ? pin : pin with { Handle = "" }), cancel).ConfigureAwait(false);
    }

    /// <summary>What the archive tells another own device of a person; <c>null</c> for a stranger.</summary>
    public Pin? PinOf(Id account) => _pins.GetValueOrDefault(account);

    /// <summary>Puts a person on the list of contacts.</summary>
    public Task<Contact> AddAsync(Id account, CancellationToken cancel) => ChangeAsync(account, pin => Known(pin) with { IsAdded = true }, cancel);

    /// <summary>Records what a person calls themselves.</summary>
    public Task<Contact> NameAsync(Id account, string? displayName, CancellationToken cancel) =>
        ChangeAsync(account, pin => Known(pin) with { DisplayName = displayName }, cancel);

    /// <summary>Blocks or unblocks a person.</summary>
    public Task<Contact> BlockAsync(Id account, bool blocked, CancellationToken cancel) =>
        ChangeAsync(account, pin => Known(pin) with { IsBlocked = blocked }, cancel);

    /// <inheritdoc/>
    public void Dispose() => _pins.Clear();

    /// <summary>Verifies what the server shows of an account, and pins or compares its key.</summary>
    async Task<CertifiedAccount> TakeAsync(AccountRecord record, Id account, CancellationToken cancel)
    {
        if (record.Account != account) throw ServerErrors.Misbehaves("answered with somebody else");
        ulong newest = _pins.TryGetValue(account, out Pin? seen) && seen.Has(record.AccountKey) ? seen.ListNumber : 0;
        if (account == own.Account && !record.AccountKey.AsSpan().SequenceEqual(own.PublicAccountKey)) throw ServerErrors.Misbehaves("shows another key as yours");
        var (list, certificates) = await Certification.VerifyAsync(
            mls.Crypto, own.Instance, account, record.AccountKey, record.DeviceList, record.Certificates, newest).ConfigureAwait(false);
        Contact contact = await ChangeAsync(account, pin =>
        {
            Pin next = pin is null ? new Pin(account, record.Handle, record.AccountKey, PinSource.Server) : See(pin, record.AccountKey) with { Handle = Free(record.Handle, account) ? record.Handle : pin.Handle };
            return next.Has(record.AccountKey) ? next with { ListNumber = Math.Max(next.ListNumber, list.Content.Number) } : next;
        }, cancel).ConfigureAwait(false);
        return new CertifiedAccount(contact, list.Content.Number, certificates);
    }

    // Else a server could show a stranger under the handle of somebody known.
    bool Free(string handle, Id account) => !_pins.Values.Any(pin => pin.Handle == handle && pin.IsAdded && pin.Account != account);

    async Task<ClaimedDevice?> CheckAsync(ClaimedKeyPackage item, IReadOnlyList<DeviceCertificate> inForce)
    {
        try
        {
            KeyPackage keyPackage = KeyPackage.Decode(item.KeyPackage);
            await keyPackage.ValidateAsync(mls, clock.GetUtcNow()).ConfigureAwait(false);
            byte[] identity = keyPackage.Credential.Content;
            DeviceCertificate? certificate = inForce.FirstOrDefault(c => c.Content.Device == item.Device && c.Encode().AsSpan().SequenceEqual(identity));
            bool fits = keyPackage.Suite == ConversationSuite.Suite && keyPackage.Leaf.Capabilities.Extensions.Contains(ConversationExtension.Type);
            return certificate is null || !fits ? null : new ClaimedDevice(certificate, keyPackage);
        }
        catch (MlsException)
        {
            return null;
        }
    }

    async Task<IReadOnlyList<DeviceCertificate>> OwnDevicesAsync(CancellationToken cancel)
    {
        AccountRecord record = await api.AccountAsync(own.Account, cancel).ConfigureAwait(false);
        var (_, certificates) = await Certification.VerifyAsync(
            mls.Crypto, own.Instance, own.Account, own.PublicAccountKey, record.DeviceList, record.Certificates, OwnListNumber()).ConfigureAwait(false);
        return certificates;
    }

    /// <summary>The number of the newest own device list seen.</summary>
    public Func<ulong> OwnListNumber { get; set; } = () => 0;

    async Task<Contact> ChangeAsync(Id account, Func<Pin?, Pin> change, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            Pin? before = _pins.GetValueOrDefault(account);
            Pin after = change(before);
            if (after == before) return View(after);
            await store.ApplyAsync(new StoreBatch().Put(Pin.KeyOf(account), after.Encode()), cancel).ConfigureAwait(false);
            _pins[account] = after;
            Contact contact = View(after);
            if (after.ChangedKey is not null && after.ChangedKey != before?.ChangedKey) events.Publish(new KeyChanged(contact));
            events.Publish(new ContactChanged(contact));
            return contact;
        }
        finally
        {
            _turn.Release();
        }
    }

    // The first key stays pinned; the newest different one waits to be accepted. That the first one is seen again takes nothing back:
    // whoever showed the other may show it again.
    static Pin See(Pin pin, byte[] key) =>
        pin.Has(key) || (pin.ChangedKey is { } changed && changed.AsSpan().SequenceEqual(key)) ? pin : pin with { ChangedKey = key };

    static Pin Accepted(Pin pin) => pin.ChangedKey is { } key ? pin with { Key = key, ChangedKey = null, IsVerified = false, ListNumber = 0 } : pin;

    static Pin Known(Pin? pin) => pin ?? throw new KavalekException(ErrorCodes.NotFound, "You do not know this person yet. Look them up by their handle first.");

    Contact View(Pin pin)
    {
        byte[] key = pin.ChangedKey ?? pin.Key;
        return new Contact(pin.Account, pin.Handle, key, () => NumberOf(pin, key))
        {
            DisplayName = pin.DisplayName,
            Trust = pin.Trust,
            IsBlocked = pin.IsBlocked,
            IsAdded = pin.IsAdded,
        };
    }

    SafetyNumber NumberOf(Pin pin, byte[] key) => SafetyNumber.Of(own.Instance, (own.Account, own.PublicAccountKey), (pin.Account, key));

    static KavalekException Changed(Contact contact) => new(ClientErrors.KeyChanged,
        $"The key of {contact.Name} is not the one seen before: they may have started afresh, or somebody may stand between you. Nothing was sent. Compare safety numbers, or accept the new key.");
}
