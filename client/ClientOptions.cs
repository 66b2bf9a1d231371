using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What a client stands on.</summary>
public sealed record ClientOptions
{
    /// <summary>The store of one profile. The client that a call returns owns it and disposes it.</summary>
    public required IClientStore Store { get; init; }

    /// <summary>Makes the way to a server, for instance <c>server =&gt; new HttpTransport(server)</c>.</summary>
    public required Func<Uri, ITransport> Transport { get; init; }

    /// <summary>The platform's primitives: natively, those of .NET; in a browser they have to be given.</summary>
    public ICryptoProvider Crypto { get => field ?? (OperatingSystem.IsBrowser() ? throw Missing(nameof(Crypto)) : NativeCryptoProvider.Shared); init; }

    /// <summary>How a password is stretched.</summary>
    public IPasswordStretching Stretching { get => field ?? (OperatingSystem.IsBrowser() ? throw Missing(nameof(Stretching)) : NativePasswordStretching.Shared); init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>When conversations renew their keys.</summary>
    public RenewalSettings Renewal { get; init; } = RenewalSettings.Default;

    /// <summary>PBKDF2 iterations of a new wallet. What the server gets never has fewer than <see cref="Limits.KdfFloor"/>, whatever stands here.</summary>
    public int WalletIterations { get; init; } = Limits.KdfDefault;

    /// <summary>One-time key packages that are kept at the server, so that others can add this device while it is off: 1 to <see cref="Limits.KeyPackages"/>.</summary>
    public int KeyPackages
    {
        get;
        init => field = value is >= 1 and <= Limits.KeyPackages ? value : throw new ArgumentOutOfRangeException(nameof(value), value, $"1 to {Limits.KeyPackages}");
    } = Limits.KeyPackages;

    static InvalidOperationException Missing(string what) => new($"{what} has to be given in a browser");
}
