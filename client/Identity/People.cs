using Kavalek.Mls;
using Kavalek.Protocol;
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
sealed class People
{
    /// <summary>Everybody pinned.</summary>
    public IReadOnlyList<Contact> All => throw new NotImplementedException();

    /// <summary>Somebody pinned; <c>null</c> for a stranger. The own account is found here too.</summary>
    public Contact? Find(Id account) => throw new NotImplementedException();

    /// <summary>Asks the directory for a handle, verifies and pins.</summary>
    public Task<Contact> FindAsync(string handle, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>
    /// Fetches an account, verifies its list and certificates, and refuses a list older than the newest one seen. A different account
    /// key is recorded as a change and its devices are not returned.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.KeyChanged"/>, <see cref="ClientErrors.DeviceListRefused"/>, or the server's.</exception>
    public Task<CertifiedAccount> RefreshAsync(Id account, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Claims one key package of each device of the account, and checks all of it. Devices without a valid one are left out.</summary>
    public Task<IReadOnlyList<ClaimedDevice>> ClaimAsync(Id account, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Takes note of a certificate seen in a leaf: pins a stranger's key, records a changed one. The handle of a stranger is asked for later.</summary>
    public Task<Contact> ObserveAsync(DeviceCertificate certificate, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Puts a person on the list of contacts.</summary>
    public Task<Contact> AddAsync(Id account, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Records what a person calls themselves.</summary>
    public Task<Contact> NameAsync(Id account, string? displayName, CancellationToken cancel) => throw new NotImplementedException();
}
